"""Densities over the wire, from a server that a user started."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jsonschema
import numpy as np
import pyarrow as pa
import pytest

from service.example import DENSITY_EXAMPLE, DENSITY_FORECAST_EXAMPLE, ORBIT_EXAMPLE
from service.fund_sharpe import FORECAST_PATH
from service.thermosphere import DENSITY_FORECAST_PATH, DENSITY_PATH, ORBIT_PATH
from service.thermosphere_arrow import ARROW
from tests.service import density_models
from tests.service.density_requests import (
    BAD,
    BAD_AHEAD,
    BAD_FLIGHTS,
    Body,
    good,
    one,
    point,
)
from tests.service.requests import good as good_fund
from tests.service.running import Server
from tests.service.test_server import refusal, schema
from tests.service.test_thermosphere_arrow import columns, whole

JSON = {"Content-Type": "application/json"}
ANSWERS = {
    DENSITY_PATH: ("DensityRequest", "DensityAnswer", DENSITY_EXAMPLE),
    DENSITY_FORECAST_PATH: (
        "DensityForecastRequest",
        "DensityForecastAnswer",
        DENSITY_FORECAST_EXAMPLE,
    ),
    ORBIT_PATH: ("OrbitRequest", "OrbitAnswer", ORBIT_EXAMPLE),
}


@pytest.fixture
def wire(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, timeout=60) as client:
        yield client


def ask(wire: httpx.Client, body: Body, path: str = DENSITY_PATH) -> Any:
    answer = wire.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_printed_line_works_when_it_is_pasted(server: Server) -> None:
    (line,) = [text for text in server.said().splitlines() if f"{DENSITY_PATH} " in text]
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["drivers"]["source"].startswith("embedded")
    for found in said["points"]:
        low, middle, high = found["quantiles"]
        assert 0 < low < middle < high < 1e-6
        assert middle == pytest.approx(found["median"])


def test_both_models_are_listed(wire: httpx.Client) -> None:
    models = wire.get("/v1/models").json()["models"]
    assert [model["name"] for model in models] == ["fund-sharpe", "thermosphere-density"]
    assert models[1]["label"] == density_models.LABEL
    assert models[1]["drivers_until"] == "2025-07-20T23:00:00Z"


@pytest.mark.parametrize("path", ANSWERS)
def test_the_document_describes_what_is_answered(wire: httpx.Client, path: str) -> None:
    api = wire.get("/docs.json").json()
    asked, answered, example = ANSWERS[path]
    jsonschema.validate(example, schema(api, asked))
    said = ask(wire, example, path)
    jsonschema.validate(said, schema(api, answered))
    refused = wire.post(path, json={})
    assert str(refused.status_code) in api["paths"][path]["post"]["responses"]
    jsonschema.validate(refused.json(), schema(api, "ErrorEnvelope"))


#: What lies at the ends of the small table, which this server does not read.
OF_THE_TABLE = ("table", "not stored", "elsewhere", "come")


@pytest.mark.parametrize(
    ("path", "body", "field", "message"),
    [
        (path, *case[1:])
        for path, cases in (
            (DENSITY_PATH, BAD),
            (DENSITY_FORECAST_PATH, BAD_AHEAD),
            (ORBIT_PATH, BAD_FLIGHTS),
        )
        for case in cases
        if not any(word in case[0] for word in OF_THE_TABLE)
    ],
)
def test_each_bad_request_has_one_message_and_the_path_of_its_field(
    wire: httpx.Client, path: str, body: Body | str, field: str, message: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    error = refusal(wire.post(path, content=text, headers=JSON), 422)
    (detail,) = error["details"]
    assert detail["field"] == field
    assert detail["message"].startswith(message)


def test_an_epoch_after_the_table_names_its_span_and_the_ways_out(wire: httpx.Client) -> None:
    error = refusal(wire.post(DENSITY_PATH, json=one(epoch="2090-01-01")), 422)
    assert "to 2025-07-20T23:00:00Z" in error["message"]
    for way in ("halyard data update space-weather", "send drivers", DENSITY_FORECAST_PATH):
        assert way in error["message"]


def test_a_hundred_thousand_points_through_arrow_are_those_of_json(wire: httpx.Client) -> None:
    count = 100_000
    body = columns(count, epoch=np.datetime64("2003-08-10", "us") + 1_000_000 * np.arange(count))
    answer = wire.post(DENSITY_PATH, content=whole(body), headers={"Content-Type": ARROW})
    assert answer.status_code == 200, answer.text
    table = pa.ipc.open_stream(answer.content).read_all()
    assert table.num_rows == count
    some = range(0, count, 9_999)
    listed = [
        point(epoch=str(body["epoch"][i]), **{n: body[n][i] for n in columns() if n != "epoch"})
        for i in some
    ]
    said = ask(wire, {"points": listed})["points"]
    for i, found in zip(some, said, strict=True):
        assert table["mean"][i].as_py() == pytest.approx(found["mean"], rel=1e-5)
        assert table["q_0.95"][i].as_py() == pytest.approx(found["quantiles"][2], rel=1e-5)


def test_points_are_counted_for_prometheus(wire: httpx.Client) -> None:
    def counted() -> float:
        lines = wire.get("/metrics").text.splitlines()
        name = "halyard_density_points_total"
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    before = counted()
    ask(wire, {"points": [point(), point(), point()]})
    assert counted() == before + 3


def test_callers_at_the_same_time_each_get_their_own_answer(wire: httpx.Client) -> None:
    heights = [200.0, 250.0, 300.0, 350.0, 400.0, 449.0]
    alone = [ask(wire, one(height=height))["points"] for height in heights]
    with ThreadPoolExecutor(6) as pool:
        funds = [pool.submit(wire.post, FORECAST_PATH, json=good_fund()) for _ in range(6)]
        together = list(pool.map(lambda h: ask(wire, one(height=h))["points"], heights * 4))
        assert {done.result().status_code for done in funds} == {200}
    assert together == alone * 4


def test_a_refused_request_leaves_no_trace_in_the_log_and_the_server_alive(
    server: Server, wire: httpx.Client
) -> None:
    before = server.said()
    refusal(wire.post(DENSITY_PATH, content="{", headers=JSON), 422)
    headers = {"Content-Type": ARROW}
    refusal(wire.post(DENSITY_PATH, content=b"ARROW1", headers=headers), 422)
    refusal(wire.post(DENSITY_PATH, json=good(), headers={"Accept": "image/png"}), 406)
    assert server.said() == before
    assert ask(wire, good())["points"]
