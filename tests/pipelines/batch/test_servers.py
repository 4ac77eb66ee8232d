"""Both models, by the command, from PostgreSQL and into it, and on Ray: as from files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines import registry
from service.cli import run as halyard
from tests.pipelines.batch.density_inputs import points, written
from tests.pipelines.batch.funds import long_rows, store_model
from tests.servers.postgres import fresh_database, run_sql
from tests.service import density_models

FUNDS = ["forecast", "fund-sharpe", "--created-at", "2024-01-31T06:00:00", "--workers", "1"]
POINTS = ["forecast", "thermosphere-density", "--created-at", "2024-01-31T06:00:00"]
POINTS += ["--workers", "1"]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(folder))
        registry.promote(store_model())
        registry.promote(density_models.store())
        yield folder


def stored(url: str, table: str, order: str) -> pl.DataFrame:
    """A table of the server in order."""
    names = [str(row[0]) for row in run_sql(url, _COLUMNS.format(table))]
    rows = run_sql(url, f"SELECT * FROM {table} ORDER BY {order}")
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


_COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_name = '{}' "
    "ORDER BY ordinal_position"
)


def filled(url: str, frame: pl.DataFrame, columns: str) -> None:
    """Make the table `given` with the rows of a frame."""
    import psycopg

    run_sql(url, f"CREATE TABLE given ({columns})")
    with psycopg.connect(url) as connection, connection.cursor().copy("COPY given FROM STDIN") as c:
        for row in frame.iter_rows():
            c.write_row(row)


def assert_same(one: pl.DataFrame, other: pl.DataFrame, order: list[str]) -> None:
    assert one.height == other.height > 0
    first, second = one.sort(order), other.sort(order)
    for name, kind in first.schema.items():
        left, right = first[name].to_list(), second[name].to_list()
        if kind.is_float():
            np.testing.assert_allclose(
                np.array(left, dtype=float), np.array(right, dtype=float), rtol=1e-6, atol=1e-6
            )
        else:
            assert list(map(str, left)) == list(map(str, right)), name


def test_funds_of_a_query_into_a_table_are_those_of_a_file(tmp_path: Path) -> None:
    url, rows = fresh_database(), long_rows()
    filled(url, rows, "id text, month date, ret float8, rf_decimal float8")
    rows.write_ipc(tmp_path / "funds.arrow")
    assert (
        halyard([*FUNDS, "--input", str(tmp_path / "funds.arrow"), "--output", f"{tmp_path}/f"])
        == 0
    )
    query = ["--input", url, "--query", "SELECT * FROM given ORDER BY month"]
    assert halyard([*FUNDS, *query, "--output", url, "--table", "forecasts"]) == 0
    key = ["id", "target", "horizon"]
    assert_same(
        stored(url, "forecasts", "id, target, horizon"),
        pl.read_parquet(tmp_path / "f" / "*.parquet"),
        key,
    )
    # Once more changes nothing: the key is that of the forecast.
    assert halyard([*FUNDS, *query, "--output", url, "--table", "forecasts"]) == 0
    assert run_sql(url, "SELECT count(*) FROM forecasts") == [
        (pl.read_parquet(tmp_path / "f" / "*.parquet").height,)
    ]


def test_points_of_a_query_into_a_table_are_those_of_a_file(tmp_path: Path) -> None:
    url = fresh_database()
    frame = points(60, "2003-08-10T00:00:00", minutes=7)
    filled(url, frame, _types(frame))
    written(tmp_path / "in", frame)
    assert halyard([*POINTS, "--input", f"{tmp_path}/in", "--output", f"{tmp_path}/p"]) == 0
    query = ["--input", url, "--query", "SELECT * FROM given"]
    assert halyard([*POINTS, *query, "--output", url, "--table", "densities"]) == 0
    made = pl.read_parquet(tmp_path / "p" / "*.parquet")
    assert_same(stored(url, "densities", "epoch"), made, ["epoch", "latitude"])


def _types(frame: pl.DataFrame) -> str:
    kinds = {pl.String: "text", pl.Float64: "float8", pl.Int64: "bigint"}
    return ", ".join(
        f"{name} {kinds.get(kind.base_type(), 'timestamptz')}"
        for name, kind in frame.schema.items()
    )


@pytest.mark.skipif(
    os.environ.get("HALYARD_CI") != "1" and find_spec("ray") is None, reason="Ray is not installed"
)
def test_funds_on_ray_are_those_of_local_processes(tmp_path: Path) -> None:
    long_rows().write_ipc(tmp_path / "funds.arrow")
    words = [*FUNDS, "--input", str(tmp_path / "funds.arrow")]
    assert halyard([*words, "--output", f"{tmp_path}/local"]) == 0
    assert halyard([*words, "--engine", "ray", "--output", f"{tmp_path}/ray"]) == 0
    local, ray = (pl.read_parquet(tmp_path / name / "*.parquet") for name in ("local", "ray"))
    assert local.equals(ray)
