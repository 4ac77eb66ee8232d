"""Requests for densities in this process, against a small emulator and a small table."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.errors import ModelError
from pipelines.thermosphere_density.stored_corrections import Correct, StoredCorrection
from pipelines.thermosphere_density.weather import observed
from service import bodies
from service.example import DENSITY_EXAMPLE, DENSITY_FORECAST_EXAMPLE
from service.gateway import Gateway
from service.thermosphere import DENSITY_FORECAST_PATH, DENSITY_PATH
from service.thermosphere_predictor import DensityPredictor
from tests.service import density_models
from tests.service.density_requests import (
    BAD,
    BAD_AHEAD,
    Body,
    ahead,
    columns,
    good,
    one,
    point,
    row,
    rows,
)

JSON = {"Content-Type": "application/json"}


def client(predictor: DensityPredictor | None = None, **options: Any) -> TestClient:
    found = predictor or density_models.predictor()
    gateway = Gateway(lambda: None, density=lambda: found, **options)
    return TestClient(gateway, raise_server_exceptions=False)


def ask(body: Body, path: str = DENSITY_PATH, predictor: DensityPredictor | None = None) -> Any:
    answer = client(predictor).post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def expected(body: Body) -> LogDensity:
    """What the emulator says itself, from a path that begins with the block of hours."""
    emulator, listed = density_models.emulator(), body["points"]
    times = np.array([p["epoch"].removesuffix("Z") for p in listed], dtype="datetime64[us]")
    first = times.min().astype("datetime64[h]")
    first = first - int(first.astype(np.int64)) % emulator.horizon
    last = first + emulator.horizon - 1
    drivers = observed(density_models.weather(), first - emulator.lookback, last)
    places = (np.array([p[n] for p in listed]) for n in ("latitude", "longitude", "height"))
    return emulator.density(emulator.path(drivers, first, last), Points(times, *places))


def test_a_density_is_the_emulators() -> None:
    body = good(levels=[0.1, 0.9])
    wanted = expected(body)
    (found,) = ask(body)["points"]
    assert found["mean"] == pytest.approx(wanted.mean_density[0], rel=1e-6)
    assert found["std"] == pytest.approx(wanted.std_density[0], rel=1e-6)
    assert found["median"] == pytest.approx(10.0 ** wanted.mean[0], rel=1e-6)
    assert found["quantiles"] == pytest.approx(wanted.quantiles([0.1, 0.9])[0], rel=1e-6)
    assert found["log10_mean"] == pytest.approx(wanted.mean[0])
    assert found["quantiles"][0] < found["median"] < found["quantiles"][1]


def test_rows_are_answered_by_rows_and_columns_by_columns() -> None:
    (found,) = ask(good())["points"]
    lists = ask(columns())["points"]
    assert {name: [value] for name, value in found.items()} == lists


def test_the_answer_says_who_answered_and_by_which_space_weather() -> None:
    said = ask(good())
    assert said["model"] == {
        "name": "thermosphere-density",
        "version": "v1",
        "label": density_models.LABEL,
        "trained_from": "2003-06",
        "trained_until": "2003-09",
    }
    drivers = said["drivers"]
    assert (drivers["kind"], drivers["source"]) == ("observed", "a small table")
    assert (drivers["as_of"], drivers["newest_f107"]) == ("2003-12-01T00:00:00Z", "2003-11-30")
    assert (said["correction"], said["levels"], said["warnings"]) == ("none", [0.05, 0.5, 0.95], [])


def test_a_point_has_the_same_density_alone_and_among_others() -> None:
    listed = [
        point(),
        point(epoch="2001-05-01T00:00:00Z"),
        # Between the last hour of a block and the first of the next.
        point(epoch="2003-08-10T23:40:00Z"),
        point(epoch="2003-11-30T22:59:59.5Z", height=100.0),
        point(latitude=-90.0, longitude=-180.0),
    ]
    together = ask({"points": listed})["points"]
    predictor = density_models.predictor()
    for alone, among in zip(listed, together, strict=True):
        (found,) = ask({"points": [alone]}, predictor=predictor)["points"]
        assert found["log10_mean"] == pytest.approx(among["log10_mean"], abs=2e-6)
        assert found["log10_std"] == pytest.approx(among["log10_std"], rel=1e-4)


def test_longitude_and_epoch_are_what_they_are_called() -> None:
    east = ask(one(longitude=200.0))["points"]
    assert ask(one(longitude=-160.0))["points"] == east
    assert ask(one(epoch="2003-08-10 12:30"))["points"] == ask(good())["points"]
    assert ask(one(epoch="2003-08-10T12:30:00.000+00:00"))["points"] == ask(good())["points"]


def test_own_drivers_replace_the_table() -> None:
    on_the_hour = [point(epoch="2003-08-10T12:00:00Z")]
    said = ask(rows())
    assert said["drivers"]["kind"] == "caller"
    looked_up = ask({"points": on_the_hour})["points"][0]["mean"]
    assert said["points"][0]["mean"] != pytest.approx(looked_up, rel=1e-3)
    # A storm in the rows is a denser thermosphere, and F10.7 alike.
    stormy = ask({"points": on_the_hour, "drivers": [row(h, kp=8.0) for h in (6, 9, 12, 15)]})
    quiet = ask({"points": on_the_hour, "drivers": [row(h, kp=0.0) for h in (6, 9, 12, 15)]})
    assert stormy["points"][0]["mean"] > quiet["points"][0]["mean"]
    assert any(text.startswith("kp reaches 8") for text in stormy["warnings"])


def test_own_drivers_reach_beyond_the_table() -> None:
    listed = [row(h) for h in range(-24 * 8, 27, 3)]
    for hour, each in zip(range(-24 * 8, 27, 3), listed, strict=True):
        each["time"] = f"{np.datetime64('2031-08-10T00') + hour}:00Z"
        each["f107_mean"] = 120.0
    said = ask({"points": [point(epoch="2031-08-10T12:00:00Z")], "drivers": listed})
    assert said["points"][0]["mean"] > 0
    assert said["drivers"]["last"] == "2031-08-10T12:00:00Z"


def test_drivers_outside_the_training_are_told() -> None:
    told = ask(one(epoch="2003-10-29T20:00:00Z"))["warnings"]
    assert any(text.startswith("ap reaches 300, outside the 0 to 154") for text in told)
    assert len({text.split()[0] for text in told}) == len(told)


def test_the_newest_days_lack_some_of_the_mean_and_say_so() -> None:
    assert not any("81 days" in text for text in ask(one(epoch="2003-10-20T00:00Z"))["warnings"])
    assert any("81 days" in text for text in ask(one(epoch="2003-10-22T00:00Z"))["warnings"])


@pytest.mark.parametrize(
    ("body", "field", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_request_has_one_message_with_the_path_of_its_field(
    body: Body | str, field: str, message: str
) -> None:
    refused(DENSITY_PATH, body, field, message)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [case[1:] for case in BAD_AHEAD],
    ids=[case[0] for case in BAD_AHEAD],
)
def test_a_bad_forecast_has_one_message_with_the_path_of_its_field(
    body: Body, field: str, message: str
) -> None:
    refused(DENSITY_FORECAST_PATH, body, field, message)


def refused(path: str, body: Body | str, field: str, message: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client().post(path, content=text, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    (detail,) = answer.json()["error"]["details"]
    assert detail["field"] == field
    assert detail["message"].startswith(message)
    assert "\n" not in answer.json()["error"]["message"]


def test_all_faults_are_named_at_once() -> None:
    body = {"points": [point(height=9.0), point(latitude=99.0)], "levels": [2.0]}
    error = client().post(DENSITY_PATH, json=body).json()["error"]
    assert [d["field"] for d in error["details"]] == [
        "points[1].latitude",
        "points[0].height",
        "levels[0]",
    ]


def test_many_points_in_json_are_sent_to_arrow() -> None:
    size = 20_001
    one_point = columns()["points"]
    body = {"points": {name: values * size for name, values in one_point.items()}}
    answer = client().post(DENSITY_PATH, json=body)
    assert answer.status_code == 413
    message = answer.json()["error"]["message"]
    assert "at most 20000 points in JSON, got 20001" in message
    assert "application/vnd.apache.arrow.stream" in message


def test_a_body_beyond_the_limit_names_arrow_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.thermosphere.MAX_BODY", 100)
    answer = client().post(DENSITY_PATH, content=b" " * 101, headers=JSON)
    assert answer.status_code == 413
    assert "Arrow stream" in answer.json()["error"]["message"]


def test_what_cannot_be_accepted_is_406_and_names_what_can() -> None:
    answer = client().post(DENSITY_PATH, json=good(), headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (406, "not_acceptable")
    assert "expected Accept of application/json, application/vnd" in answer.text
    netcdf = {"Accept": "application/x-netcdf"}
    answer = client().post(DENSITY_FORECAST_PATH, json=ahead(), headers=netcdf)
    assert answer.status_code == 406
    assert "NetCDF is for grids" in answer.text


@pytest.mark.parametrize("accept", ["*/*", "text/html, application/json", "application/*;q=0.8"])
def test_json_is_answered_where_it_is_accepted(accept: str) -> None:
    answer = client().post(DENSITY_PATH, json=good(), headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", [DENSITY_PATH, DENSITY_FORECAST_PATH])
def test_a_form_is_refused(path: str) -> None:
    answer = client().post(path, data={"points": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", [DENSITY_PATH, DENSITY_FORECAST_PATH])
def test_without_an_emulator_the_answer_is_503_and_says_how_to_get_one(path: str) -> None:
    gateway = TestClient(Gateway(lambda: None))
    answer = gateway.post(path, json=good())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")
    assert "halyard train thermosphere-density" in answer.json()["error"]["message"]
    assert gateway.get("/v1/models").status_code == 503


def test_points_are_counted() -> None:
    seen: list[int] = []
    counting = client(observe_density=lambda points, _: seen.append(points))
    counting.post(DENSITY_PATH, json={"points": [point(), point()]})
    counting.post(DENSITY_PATH, json={})
    counting.post(DENSITY_FORECAST_PATH, json=ahead())
    assert seen == [2, 7]


def corrected_by(apply: Correct) -> DensityPredictor:
    return density_models.predictor(corrections={"satellite": StoredCorrection(apply)})


def test_a_correction_that_is_stored_is_applied() -> None:
    def halved(
        _: DensityEmulator, drivers: Drivers, points: Points, found: LogDensity
    ) -> LogDensity:
        assert drivers.times[0] < points.time.min()
        return LogDensity(found.mean - np.log10(2.0), found.std, found.shape)

    predictor = corrected_by(halved)
    plain = ask(good(), predictor=predictor)["points"][0]["median"]
    said = ask(good(correction="satellite"), predictor=predictor)
    assert said["points"][0]["median"] == pytest.approx(plain / 2)
    assert said["correction"] == "satellite"
    assert predictor.describe().corrections == ["none", "satellite"]


def test_a_density_that_is_not_finite_never_leaves_the_server() -> None:
    def broken(_: DensityEmulator, __: Drivers, ___: Points, found: LogDensity) -> LogDensity:
        return LogDensity(found.mean * np.nan, found.std)

    body = good(correction="satellite")
    answer = client(corrected_by(broken)).post(DENSITY_PATH, json=body)
    assert answer.status_code == 422
    assert "not finite" in answer.json()["error"]["message"]


def test_a_defect_is_a_plain_500() -> None:
    def broken(*_: Any) -> LogDensity:
        raise ZeroDivisionError("a secret of the inside")

    body = good(correction="satellite")
    answer = client(corrected_by(broken)).post(DENSITY_PATH, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text


def test_a_query_that_takes_too_long_is_504(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr("service.turn.DEADLINE_SECONDS", 0.05)

    def slow(_: Any, __: Any, ___: Any, found: LogDensity) -> LogDensity:
        time.sleep(0.3)
        return found

    body = good(correction="satellite")
    answer = client(corrected_by(slow)).post(DENSITY_PATH, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "deadline_exceeded")
    assert "send fewer points" in answer.json()["error"]["message"]


def test_what_the_model_refuses_is_422() -> None:
    def refusing(*_: Any) -> LogDensity:
        raise ModelError("the correction knows no such place")

    body = good(correction="satellite")
    answer = client(corrected_by(refusing)).post(DENSITY_PATH, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "the correction knows no such place"


def test_the_models_route_describes_the_emulator() -> None:
    (model,) = client().get("/v1/models").json()["models"]
    assert (model["name"], model["label"]) == ("thermosphere-density", density_models.LABEL)
    assert (model["heights"], model["grid"], model["horizon"]) == ([100.0, 450.0], [8, 6, 4], 24)
    assert model["drivers_from"] == "2001-03-23T00:00:00Z"
    assert model["drivers_until"] == "2003-11-30T23:00:00Z"


@pytest.mark.parametrize(
    ("path", "example"),
    [(DENSITY_PATH, DENSITY_EXAMPLE), (DENSITY_FORECAST_PATH, DENSITY_FORECAST_EXAMPLE)],
)
def test_the_examples_of_the_document_work(path: str, example: Body) -> None:
    operation = client().get("/docs.json").json()["paths"][path]["post"]
    assert operation["requestBody"]["content"]["application/json"]["example"] == example
    ask(example, path)


def test_the_limit_of_a_body_is_the_one_of_funds() -> None:
    from service import thermosphere

    assert thermosphere.MAX_BODY is bodies.MAX_BODY
