"""Points as Arrow streams: the same answers, and the same care with what is wrong."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from service.thermosphere import DENSITY_FORECAST_PATH, DENSITY_PATH
from service.thermosphere_arrow import ARROW
from tests.service.density_requests import ahead, point, row
from tests.service.test_thermosphere import ask, client

HEADERS = {"Content-Type": ARROW}


def columns(count: int = 3, **changes: Any) -> dict[str, Any]:
    whole = {
        "epoch": np.datetime64("2003-08-10T12:00:00", "us") + 1_000_000 * np.arange(count),
        "latitude": np.linspace(-80.0, 80.0, count),
        "longitude": np.linspace(-180.0, 180.0, count),
        "height": np.linspace(100.0, 450.0, count),
    }
    return {name: values for name, values in {**whole, **changes}.items() if values is not None}


def stream(table: pa.Table, options: Any = None, compression: str | None = None) -> bytes:
    if options is not None:
        table = table.replace_schema_metadata({"halyard": json.dumps(options)})
    sink = pa.BufferOutputStream()
    chosen = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=chosen) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def post(body: bytes, **headers: str) -> Any:
    return client().post(DENSITY_PATH, content=body, headers={**HEADERS, **headers})


def read(answer: Any) -> pa.Table:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == ARROW
    return pa.ipc.open_stream(answer.content).read_all()


def test_arrow_and_json_have_the_same_answer() -> None:
    body = columns()
    listed = [
        point(epoch=str(time), latitude=lat, longitude=lon, height=h)
        for time, lat, lon, h in zip(*body.values(), strict=True)
    ]
    said = ask({"points": listed, "levels": [0.05, 0.95]})
    table = read(post(stream(pa.table(body), {"levels": [0.05, 0.95]})))
    for name in ("mean", "std", "median", "log10_mean", "log10_std"):
        assert table[name].to_pylist() == [p[name] for p in said["points"]]
    assert table["q_0.95"].to_pylist() == [p["quantiles"][1] for p in said["points"]]
    about = json.loads(table.schema.metadata[b"halyard"])
    assert about == {name: said[name] for name in about}
    assert about["model"]["label"] == "a made-up world"


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_may_have_any_unit_and_a_zone_that_is_utc_inside(unit: str) -> None:
    plain = read(post(stream(pa.table(columns()))))
    times = pa.array(columns()["epoch"]).cast(pa.timestamp(unit, "Europe/Berlin"))
    # Cast to a zone keeps the instant.
    assert read(post(stream(pa.table(columns(epoch=times))))).equals(plain)


def test_whole_numbers_float32_and_compression_are_taken() -> None:
    latitude = pa.array([-80, 0, 80], pa.int16())
    height = pa.array([100.0, 275.0, 450.0], pa.float32())
    body = stream(pa.table(columns(latitude=latitude, height=height)), compression="zstd")
    assert read(post(body)).equals(read(post(stream(pa.table(columns())))))


def test_options_come_with_the_schema() -> None:
    rows = [row(9), row(12), row(15)]
    table = read(post(stream(pa.table(columns()), {"drivers": rows, "levels": [0.25]})))
    assert "q_0.25" in table.column_names
    assert json.loads(table.schema.metadata[b"halyard"])["drivers"]["kind"] == "caller"


def test_either_type_of_body_can_be_answered_in_either() -> None:
    said = client().post(DENSITY_PATH, json={"points": [point()]}, headers={"Accept": ARROW})
    assert read(said).num_rows == 1
    answer = post(stream(pa.table(columns())), Accept="application/json")
    assert len(answer.json()["points"]["mean"]) == 3


def test_a_forecast_as_arrow_says_when_and_where() -> None:
    answer = client().post(DENSITY_FORECAST_PATH, json=ahead(hours=2), headers={"Accept": ARROW})
    table = read(answer)
    assert table.column_names[:4] == ["epoch", "latitude", "longitude", "height"]
    said = ask(ahead(hours=2), DENSITY_FORECAST_PATH)
    assert table["mean"].to_pylist() == [row[0] for row in said["mean"]]
    assert [str(time) for time in table["epoch"].to_numpy()][-1].startswith("2003-11-18T02:00")


def test_many_points_are_answered_in_any_order_of_time() -> None:
    count = 120_000
    chaos = np.random.default_rng(0).permutation(count)
    times = np.datetime64("2003-08-01T00:00:00", "us") + 10_000_000 * np.arange(count)
    ordered = read(post(whole(columns(count, epoch=times))))
    mixed = {name: values[chaos] for name, values in columns(count, epoch=times).items()}
    shuffled = read(post(whole(mixed)))
    expected = ordered["log10_mean"].to_numpy()[chaos]
    assert shuffled["log10_mean"].to_numpy() == pytest.approx(expected, abs=2e-6)


def whole(body: dict[str, Any]) -> bytes:
    table = pa.table(body)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_many_points_cannot_be_answered_in_json() -> None:
    answer = post(whole(columns(20_001)), Accept="application/json")
    assert answer.status_code == 413
    assert "at most 20000 points in JSON, got 20001" in answer.json()["error"]["message"]


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("no epoch", columns(epoch=None), "points.epoch", "this column is needed and not there"),
    ("another column", columns(name=["a"] * 3), "points.name", "unknown column; there are: epoch"),
    ("text as epoch", columns(epoch=["now"] * 3), "points.epoch", "expected timestamps (UTC)"),
    ("numbers as epoch", columns(epoch=[1, 2, 3]), "points.epoch", "expected timestamps (UTC)"),
    ("text as height", columns(height=["400"] * 3), "points.height", "expected numbers"),
    ("flags as height", columns(height=[True] * 3), "points.height", "expected numbers"),
    ("null", columns(height=[400.0, None, 400.0]), "points.height[1]", "expected a value, not"),
    ("NaN", columns(latitude=[0.0, 0.0, np.nan]), "points.latitude[2]", "expected -90 to 90"),
    ("too high", columns(height=[400.0, 900.0, 400.0]), "points.height[1]", "expected 100 to 450"),
    ("no rows", columns(0), "points", "expected at least 1 point"),
    (
        "too late",
        columns(epoch=np.array(["2003-08-10", "2003-08-10", "2024-01-01"], "datetime64[us]")),
        "points.epoch[2]",
        "expected a moment from 2001-03-23T00:00:00Z to 2003-11-30T23:00:00Z",
    ),
]


@pytest.mark.parametrize(
    ("body", "field", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_bad_points_have_one_message(body: dict[str, Any], field: str, message: str) -> None:
    answer = post(whole(body))
    assert answer.status_code == 422, answer.text
    detail = answer.json()["error"]["details"][0]
    assert detail["field"] == field
    assert detail["message"].startswith(message)


def test_a_column_that_is_there_twice_is_refused() -> None:
    parts = columns()
    names = [*parts, "height"]
    table = pa.Table.from_arrays([pa.array(parts[name]) for name in names], names)
    (detail,) = post(stream(table)).json()["error"]["details"]
    assert (detail["field"], "twice" in detail["message"]) == ("points.height", True)


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"level": [0.5]}, "level", "unknown field; there are: drivers, levels, correction"),
        ({"levels": [5]}, "levels[0]", "expected a probability above 0 and below 1"),
        ([], "body", "expected an object"),
        ({"points": []}, "points", "unknown field"),
    ],
)
def test_bad_options_beside_a_stream_are_refused(options: Any, field: str, message: str) -> None:
    (detail,) = post(stream(pa.table(columns()), options)).json()["error"]["details"]
    assert detail["field"] == field
    assert detail["message"].startswith(message)


@pytest.mark.parametrize("cut", [0, 8, 300, -20], ids=["nothing", "8 bytes", "a part", "no end"])
def test_a_stream_that_is_cut_off_or_none_is_refused(cut: int) -> None:
    body = stream(pa.table(columns()))
    # The end mark alone may be missing: all rows are there.
    answer = post(body[:cut] if cut >= 0 else b"no stream at all, " + body[:cut])
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert message.startswith("body: expected an Arrow IPC stream: ")
    assert "\n" not in message


def test_more_points_than_the_limit_are_refused_however_small_the_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.thermosphere_arrow.MAX_POINTS", 2)
    answer = post(stream(pa.table(columns(5)), compression="zstd"))
    assert answer.status_code == 413
    assert "at most 2 points in one request" in answer.json()["error"]["message"]


def test_a_stream_beyond_the_limit_of_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.thermosphere.MAX_ARROW_BODY", 100)
    assert post(stream(pa.table(columns()))).status_code == 413
