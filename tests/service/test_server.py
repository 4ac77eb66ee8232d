"""A server as a user starts it, asked over the wire."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from service.bodies import MAX_BODY
from service.fund_sharpe import FORECAST_PATH
from tests.service.requests import BAD, RETURNS, Body, good, many
from tests.service.running import Server

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def wire(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, timeout=30) as client:
        yield client


def schema(api: dict[str, Any], name: str) -> dict[str, Any]:
    """A schema of the document, whole enough to check a body by."""
    return {"$ref": f"#/components/schemas/{name}", "components": api["components"]}


def test_the_printed_line_works_when_it_is_pasted(server: Server) -> None:
    line, _ = [text for text in server.said().splitlines() if text.startswith("curl")]
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
    (fund,) = json.loads(done.stdout)["funds"]
    assert (fund["id"], fund["last_month"], fund["months"]) == ("EXAMPLE", "2017-03", 60)
    leads = [(f["target"], f["horizon"], f["month"]) for f in fund["forecasts"]]
    assert leads == [
        ("rolling", 6, "2017-09"),
        ("rolling", 12, "2018-03"),
        ("forward", 6, "2017-09"),
        ("forward", 12, "2018-03"),
    ]
    for forecast in fund["forecasts"]:
        inner, outer = forecast["intervals"]
        assert outer["lower"] < inner["lower"] < forecast["mean"] < inner["upper"] < outer["upper"]
        assert -2 < forecast["mean"] < 3


def test_the_address_is_printed_and_shows_a_page(server: Server, wire: httpx.Client) -> None:
    assert f"Halyard serves on {server.address}" in server.said()
    for path, words in (("/", "<h1>Halyard"), ("/docs", "<h1>Halyard: interface")):
        page = wire.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert words in page.text


def test_the_model_says_what_it_was_trained_on(wire: httpx.Client) -> None:
    model, _ = wire.get("/v1/models").json()["models"]
    assert model["name"] == "fund-sharpe"
    assert (model["horizons"], model["targets"]) == ([6, 12], ["rolling", "forward"])
    assert (model["trained_until"], model["min_history"]) == ("2017-03", 24)
    assert (model["data"]["first"], model["data"]["series"]) == ("1949-01", 30)
    assert set(model["metrics"]["holdout_rmse"]) == set(model["metrics"]["holdout_coverage_90"])


def test_health_is_answered(wire: httpx.Client) -> None:
    assert [wire.get(p).status_code for p in ("/livez", "/readyz", "/healthz")] == [200] * 3


def test_funds_are_counted_for_prometheus(wire: httpx.Client) -> None:
    def counted() -> float:
        lines = wire.get("/metrics").text.splitlines()
        return sum(float(ln.split()[-1]) for ln in lines if ln.startswith("halyard_funds_total"))

    before = counted()
    assert wire.post(FORECAST_PATH, json=many({"id": "A"}, {"id": "B"})).status_code == 200
    assert counted() == before + 2


def test_many_funds_are_answered_as_each_alone(wire: httpx.Client) -> None:
    alone = wire.post(FORECAST_PATH, json=good(id="F7")).json()["funds"][0]
    together = wire.post(FORECAST_PATH, json=many(*({"id": f"F{i}"} for i in range(64)))).json()
    assert [fund["id"] for fund in together["funds"]] == [f"F{i}" for i in range(64)]
    for one, many_ in zip(alone["forecasts"], together["funds"][7]["forecasts"], strict=True):
        assert one["mean"] == pytest.approx(many_["mean"], abs=1e-5)


def test_the_document_describes_what_is_answered(wire: httpx.Client) -> None:
    api = wire.get("/docs.json").json()
    assert api["openapi"].startswith("3.1")
    operation = api["paths"][FORECAST_PATH]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    jsonschema.validate(example, schema(api, "ForecastRequest"))
    answer = wire.post(FORECAST_PATH, json=example)
    assert answer.status_code == 200
    jsonschema.validate(answer.json(), schema(api, "ForecastAnswer"))
    jsonschema.validate(wire.get("/v1/models").json(), schema(api, "ModelList"))
    refused = wire.post(FORECAST_PATH, json={})
    assert str(refused.status_code) in operation["responses"]
    jsonschema.validate(refused.json(), schema(api, "ErrorEnvelope"))
    for component in api["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(component)


def test_every_get_of_the_document_is_answered(wire: httpx.Client) -> None:
    api = wire.get("/docs.json").json()
    gets = [path for path, verbs in api["paths"].items() if "get" in verbs]
    assert "/v1/models" in gets
    assert {path: wire.get(path).status_code for path in gets} == dict.fromkeys(gets, 200)


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The error of a refusal, after a look at its envelope."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message", "details"]
    assert "Traceback" not in answer.text
    error: dict[str, Any] = body["error"]
    return error


@pytest.mark.parametrize(
    ("body", "field", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_each_bad_request_has_one_message_and_the_path_of_its_field(
    wire: httpx.Client, body: Body | str, field: str, message: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    error = refusal(wire.post(FORECAST_PATH, content=text, headers=JSON), 422)
    assert error["code"] == "invalid_request"
    assert (field, message) in {(d["field"], d["message"]) for d in error["details"]}


#: name, returns of the second fund, the message at funds[1].returns.
REFUSED_BY_THE_MODEL = [
    (
        "a year without movement",
        [*RETURNS, *[0.01] * 12],
        "the newest 12 returns do not vary, so there is no Sharpe ratio to start from",
    ),
    (
        "a newest year of gaps",
        [*RETURNS, *[0.01, None, None] * 4, 0.02],
        "8 of the newest 12 periods are missing, at most 3 may be; end the series earlier",
    ),
]


@pytest.mark.parametrize(
    ("returns", "message"),
    [row[1:] for row in REFUSED_BY_THE_MODEL],
    ids=[row[0] for row in REFUSED_BY_THE_MODEL],
)
def test_what_the_model_refuses_is_the_same_kind_of_answer(
    wire: httpx.Client, returns: list[float | None], message: str
) -> None:
    body = many({"id": "A"}, {"id": "B", "returns": returns})
    error = refusal(wire.post(FORECAST_PATH, json=body), 422)
    assert [(d["field"], d["message"]) for d in error["details"]] == [("funds[1].returns", message)]


#: name, method, path, options of the request, status, code, field, message.
TOO_LARGE = f"expected a body of at most {MAX_BODY} bytes; send fewer funds at a time"
WRONG: list[tuple[str, str, str, dict[str, Any], int, str, str, str]] = [
    (
        "unknown path",
        "GET",
        "/v2/forecast",
        {},
        404,
        "not_found",
        "path",
        "there is no /v2/forecast; /docs lists what there is",
    ),
    (
        "slash too many",
        "POST",
        f"{FORECAST_PATH}/",
        {"json": good()},
        404,
        "not_found",
        "path",
        f"there is no {FORECAST_PATH}/; /docs lists what there is",
    ),
    (
        "wrong method",
        "GET",
        FORECAST_PATH,
        {},
        405,
        "method_not_allowed",
        "method",
        f"GET is not for {FORECAST_PATH}; use POST",
    ),
    (
        "wrong method for health",
        "POST",
        "/readyz",
        {},
        405,
        "method_not_allowed",
        "method",
        "POST is not for /readyz; use GET",
    ),
    (
        "a form",
        "POST",
        FORECAST_PATH,
        {"data": {"funds": "A"}},
        415,
        "unsupported_media_type",
        "header.Content-Type",
        "expected application/json",
    ),
    (
        "compressed",
        "POST",
        FORECAST_PATH,
        {"content": b"\x1f\x8b", "headers": {**JSON, "Content-Encoding": "gzip"}},
        415,
        "unsupported_media_type",
        "header.Content-Encoding",
        "expected none",
    ),
    (
        "nothing",
        "POST",
        FORECAST_PATH,
        {"content": b"", "headers": JSON},
        422,
        "invalid_request",
        "body",
        "expected JSON: EOF while parsing a value at line 1 column 0",
    ),
    (
        "not UTF-8",
        "POST",
        FORECAST_PATH,
        {"content": b'{"funds":"\xff"}', "headers": JSON},
        422,
        "invalid_request",
        "body",
        "expected JSON: invalid unicode code point at line 1 column 11",
    ),
    (
        "nested beyond reason",
        "POST",
        FORECAST_PATH,
        {"content": b"[" * 100_000, "headers": JSON},
        422,
        "invalid_request",
        "body",
        "expected JSON: recursion limit exceeded at line 1 column 202",
    ),
    (
        "too large",
        "POST",
        FORECAST_PATH,
        {"content": b" " * (MAX_BODY + 1), "headers": JSON},
        413,
        "body_too_large",
        "body",
        TOO_LARGE,
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code", "field", "message"),
    [row[1:] for row in WRONG],
    ids=[row[0] for row in WRONG],
)
def test_other_wrong_requests_use_the_same_envelope(
    wire: httpx.Client,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    code: str,
    field: str,
    message: str,
) -> None:
    error = refusal(wire.request(method, path, **options), status)
    assert error["code"] == code
    assert [(d["field"], d["message"]) for d in error["details"]] == [(field, message)]


def test_a_body_in_chunks_is_cut_off_at_the_limit_too(wire: httpx.Client) -> None:
    chunks = (b" " * 2**20 for _ in range(MAX_BODY // 2**20 + 1))
    error = refusal(wire.post(FORECAST_PATH, content=chunks, headers=JSON), 413)
    assert error["details"][0]["message"] == TOO_LARGE


def test_a_refused_request_leaves_no_trace_in_the_log_and_the_server_alive(
    server: Server, wire: httpx.Client
) -> None:
    before = server.said()
    refusal(wire.post(FORECAST_PATH, content="{", headers=JSON), 422)
    refusal(wire.post(FORECAST_PATH, json=good(returns=[1.0, 3.0] * 12)), 422)
    assert server.said() == before
    assert "Traceback" not in before
    assert wire.post(FORECAST_PATH, json=good()).status_code == 200
