"""Requests in this process, against a model whose answers can be worked out by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from models.contract import FloatArray
from models.errors import SeriesError
from service import bodies
from service.example import EXAMPLE_REQUEST
from service.gateway import Gateway
from service.predictor import Predictor
from tests.service.doubles import Answer, MeanModel
from tests.service.requests import BAD, DATES, RETURNS, Body, good, many, returns_with, whole

FORECAST = "/v1/fund-sharpe/forecast"


def client(model: Any = None, **options: Any) -> TestClient:
    predictor = Predictor(model or MeanModel(), "fund-sharpe", "v1", {"created": "2020"})
    return TestClient(Gateway(lambda: predictor, **options), raise_server_exceptions=False)


def ask(body: Body, model: Any = None) -> Any:
    answer = client(model).post(FORECAST, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(body: Body, model: Any = None) -> Any:
    (fund,) = ask(body, model)["funds"]
    return fund


def test_a_forecast_holds_every_target_and_horizon_with_its_month() -> None:
    found = [(f["target"], f["horizon"], f["month"]) for f in one(good())["forecasts"]]
    assert found == [
        ("rolling", 6, "2017-06"),
        ("rolling", 12, "2017-12"),
        ("forward", 6, "2017-06"),
        ("forward", 12, "2017-12"),
    ]


def test_mean_median_and_intervals_are_the_models() -> None:
    # Mean return 0.02, times 100; level p lies 4 (p - 0.5) above it.
    first = one(whole(intervals=[0.8, 0.05, 0.95]))["forecasts"][0]
    assert (first["mean"], first["median"]) == (2.0, 2.0)
    assert first["intervals"] == [
        {"level": 0.8, "lower": 0.4, "upper": 3.6},
        {"level": 0.05, "lower": 1.9, "upper": 2.1},
        {"level": 0.95, "lower": 0.1, "upper": 3.9},
    ]


def test_horizons_and_targets_can_be_chosen() -> None:
    found = one(whole(horizons=[12], targets=["forward"]))["forecasts"]
    assert [(f["target"], f["horizon"]) for f in found] == [("forward", 12)]


def test_the_sharpe_ratio_so_far_comes_with_its_standard_error() -> None:
    fund = one(good())
    deviation = 0.01 * math.sqrt(24 / 23)
    assert fund["full_history"]["value"] == pytest.approx(
        0.02 / deviation * math.sqrt(12), abs=1e-6
    )
    assert fund["full_history"]["months"] == 24
    assert fund["rolling"]["months"] == 12
    assert fund["rolling"]["standard_error"] > fund["full_history"]["standard_error"] > 0


def test_a_window_with_a_gap_has_no_sharpe_ratio_and_no_error() -> None:
    fund = one(good(returns=[*returns_with(20, None), 0.02]))
    assert fund["rolling"] == {"months": 11, "value": None, "standard_error": None}
    assert "1 of 25 months have no return" in fund["warnings"]


@pytest.mark.parametrize(
    "risk_free", [0.01, [0.01] * 24], ids=["one number", "one for each return"]
)
def test_the_risk_free_return_is_taken_off(risk_free: Any) -> None:
    assert one(whole(risk_free=risk_free))["forecasts"][0]["mean"] == 1.0
    assert one({**good(risk_free=risk_free), "risk_free": 0.03})["forecasts"][0]["mean"] == 1.0


def test_without_a_risk_free_return_the_answer_says_so() -> None:
    body = good()
    del body["risk_free"]
    assert any("risk_free was not given" in w for w in one(body)["warnings"])
    assert not any("risk_free" in w for w in one({**body, "risk_free": "none"})["warnings"])


def test_dates_leave_gaps_where_months_are_skipped() -> None:
    dates = [f"{d}-28" for d in [*DATES[:-1], "2017-03"]]
    fund = one(many({"start": None, "dates": dates}))
    assert fund["last_month"] == "2017-03"
    assert "3 of 27 months have no return" in fund["warnings"]


def test_gaps_at_the_ends_are_cut_off_and_told() -> None:
    fund = one(good(returns=[None, None, *RETURNS, None]))
    assert (fund["last_month"], fund["months"]) == ("2017-02", 24)
    assert any("newest 1 months" in w and "2017-02" in w for w in fund["warnings"])


def test_short_history_old_data_and_the_models_own_warnings_are_told() -> None:
    old, new = ask(many({"id": "old", "start": "2010-01"}, {"id": "new", "start": "2019-01"}))[
        "funds"
    ]
    assert any("short history: 24 months" in w for w in old["warnings"])
    assert any("not out of sample" in w for w in old["warnings"])
    assert "seen until 2020-12" in new["warnings"]
    assert not any("out of sample" in w for w in new["warnings"])


def test_funds_of_different_months_come_back_in_the_order_asked() -> None:
    doubled = [2 * r for r in RETURNS]
    funds = ask(
        many(
            {"id": "B", "start": "2016-01"},
            {"id": "A", "returns": doubled},
            {"id": "C", "start": "2015-01", "returns": [*RETURNS, *RETURNS[:12]]},
        )
    )["funds"]
    assert [f["id"] for f in funds] == ["B", "A", "C"]
    assert [f["last_month"] for f in funds] == ["2017-12", "2016-12", "2017-12"]
    assert [f["forecasts"][0]["mean"] for f in funds] == [2.0, 4.0, 2.0]


def test_many_funds_are_forecast_in_a_thread_with_the_same_answer() -> None:
    funds = ask(many(*({"id": f"F{i}"} for i in range(40))))["funds"]
    assert len(funds) == 40
    assert {f["forecasts"][0]["mean"] for f in funds} == {2.0}


@pytest.mark.parametrize(
    ("body", "field", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_a_bad_request_is_answered_422_with_the_path_of_its_field(
    body: Body | str, field: str, message: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client().post(FORECAST, content=text, headers={"Content-Type": "application/json"})
    error = answer.json()["error"]
    found = {(d["field"], d["message"]) for d in error["details"]}
    assert (answer.status_code, error["code"]) == (422, "invalid_request")
    assert (field, message) in found
    assert field in error["message"]


def test_all_faults_are_named_at_once_and_no_more_than_twenty() -> None:
    error = client().post(FORECAST, json=good(returns=[-2.0] * 5 + RETURNS)).json()["error"]
    assert [d["field"] for d in error["details"]] == [f"funds[0].returns[{i}]" for i in range(5)]
    assert "and 4 more" in error["message"]
    assert [d["got"] for d in error["details"]] == [-2.0] * 5
    error = client().post(FORECAST, json=good(returns=["x"] * 50)).json()["error"]
    assert len(error["details"]) == 20
    assert "and 49 more" in error["message"]


def test_what_came_is_shown_short() -> None:
    error = client().post(FORECAST, json=whole(horizons=[10**30])).json()["error"]
    assert error["details"][0]["got"] == "a number beyond all bounds"
    error = client().post(FORECAST, json=whole(horizons=["x" * 500])).json()["error"]
    assert error["details"][0]["got"] == "x" * 60 + "..."


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "words"),
    [
        ("GET", "/v2", 404, "not_found", "/docs lists what there is"),
        ("POST", f"{FORECAST}/", 404, "not_found", "there is no"),
        ("GET", FORECAST, 405, "method_not_allowed", "use POST"),
        ("DELETE", "/v1/models", 405, "method_not_allowed", "DELETE is not for"),
        ("POST", "/readyz", 405, "method_not_allowed", "POST is not for /readyz; use GET"),
    ],
)
def test_unknown_paths_and_methods_use_the_same_envelope(
    method: str, path: str, status: int, code: str, words: str
) -> None:
    answer = client().request(method, path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert words in error["message"]
    assert error["details"]


def test_a_form_is_refused_with_the_header_to_send() -> None:
    answer = client().post(FORECAST, data={"funds": "x"})
    assert answer.status_code == 415
    assert "-H 'Content-Type: application/json'" in answer.json()["error"]["message"]


def test_a_compressed_body_is_refused() -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = client().post(FORECAST, content=b"", headers=headers)
    assert answer.status_code == 415
    assert "without Content-Encoding, got gzip" in answer.json()["error"]["message"]


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in chunks"])
def test_a_body_beyond_the_limit_is_refused(chunked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY", 1000)
    content: Any = iter([b" " * 600, b" " * 600]) if chunked else b" " * 1200
    answer = client().post(FORECAST, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["error"]["details"][0]["got"] == 1200


class Choosy(MeanModel):
    """Refuses all funds of a mean beyond 5 %, as a model refuses what it cannot start from."""

    def forecast(self, excess: FloatArray, last_period: str) -> Answer:
        large = np.flatnonzero(np.nanmean(excess, axis=1) > 0.05)
        if len(large):
            raise SeriesError({int(row): "too good" for row in large})
        return super().forecast(excess, last_period)


def test_funds_that_the_model_refuses_are_named_by_their_place_in_the_request() -> None:
    high = [0.1, 0.2] * 12
    body = many({"id": "A", "start": "2016-01"}, {"id": "B"}, {"id": "C", "returns": high})
    answer = client(Choosy()).post(FORECAST, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "code": "invalid_request",
        "message": "funds[2].returns: too good",
        "details": [{"field": "funds[2].returns", "message": "too good", "got": 24}],
    }


class Broken(MeanModel):
    def forecast(self, excess: FloatArray, last_period: str) -> Answer:
        raise ZeroDivisionError(f"a secret of the inside: {excess.shape}, {last_period}")


class NotFinite(MeanModel):
    def forecast(self, excess: FloatArray, last_period: str) -> Answer:
        answer = super().forecast(excess, last_period)
        answer.forecast.mean[0, 0] = np.nan
        return answer


def test_a_defect_is_a_plain_500_without_a_trace() -> None:
    answer = client(Broken()).post(FORECAST, json=good())
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_forecast_that_is_not_finite_never_leaves_the_server() -> None:
    answer = client(NotFinite()).post(FORECAST, json=good())
    assert answer.status_code == 422
    assert "not finite" in answer.json()["error"]["message"]


def test_before_the_model_is_loaded_the_answer_is_503() -> None:
    answer = TestClient(Gateway(lambda: None)).post(FORECAST, json=good())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")


def test_the_models_route_says_who_answers() -> None:
    (model,) = client().get("/v1/models").json()["models"]
    assert (model["name"], model["version"], model["created"]) == ("fund-sharpe", "v1", "2020")
    assert (model["horizons"], model["min_history"]) == ([6, 12], 24)


def test_answers_are_counted() -> None:
    seen: list[int] = []
    counting = client(observe=lambda funds, _: seen.append(funds))
    counting.post(FORECAST, json=many({"id": "A"}, {"id": "B"}))
    counting.post(FORECAST, json={})
    assert seen == [2]


def test_the_example_of_the_document_works() -> None:
    api = client().get("/docs.json").json()
    content = api["paths"][FORECAST]["post"]["requestBody"]["content"]["application/json"]
    assert content["example"] == EXAMPLE_REQUEST
    assert one(content["example"])["months"] == 60


def test_every_reference_of_the_document_leads_somewhere() -> None:
    api = client().get("/docs.json").json()
    text = json.dumps(api)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names
    assert names <= set(api["components"]["schemas"])


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_elsewhere(path: str) -> None:
    answer = client().get(path)
    assert answer.status_code == 200
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
