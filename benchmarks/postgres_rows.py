"""How many forecasts a second a PostgreSQL table takes, and a query gives.

    python -m benchmarks.postgres_rows postgresql://user@host/name [--rows 1000000]

Rows are those of fund forecasts, a shard of 100,000 at a time, through the sink and the
source of batches: COPY into a temporary table, upsert by the key, one transaction a shard;
then one COPY of the whole table into Parquet. The table is dropped at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.timing import machine
from pipelines.batch.contract import REJECTS, Made, Shard
from pipelines.batch.postgres_connection import connect
from pipelines.batch.postgres_query import Query
from pipelines.batch.postgres_sink import postgres_sink
from pipelines.batch.postgres_tables import SHARDS, create_tables
from pipelines.fund_sharpe.forecast_table import FORECAST_SCHEMA
from pipelines.provenance import provenance

RESULTS = Path(__file__).parent / "results" / "postgres_rows.json"
TABLE, SHARD_ROWS = "halyard_benchmark", 100_000
KEY = ("id", "origin", "target", "horizon")


def forecasts(first: int, rows: int) -> pl.DataFrame:
    """Ten forecasts for each fund, with the columns of the batch job."""
    place = np.arange(first, first + rows)
    numbers = np.random.default_rng(first).normal(size=rows).astype(np.float32)
    given: Mapping[str, Any] = {
        "id": pl.Series(place // 10).cast(pl.String),
        "origin": pl.lit("2024-01"),
        "target": pl.Series(place % 10 // 5).replace_strict({0: "rolling", 1: "forward"}),
        "horizon": pl.Series(place % 5, dtype=pl.Int32),
        "month": pl.lit("2024-07"),
        "months": pl.lit(120, pl.Int32),
        "warnings": pl.lit(""),
    }
    columns = [
        pl.lit(given[name]) if isinstance(given.get(name), pl.Series) else given[name]
        for name in given
    ]
    named = [column.alias(name) for column, name in zip(columns, given, strict=True)]
    rest = [pl.lit(pl.Series(name, numbers)) for name in FORECAST_SCHEMA if name not in given]
    return pl.select(*named, *rest).select(list(FORECAST_SCHEMA))


def measure(url: str, rows: int) -> dict[str, Any]:
    """Rows a second in and out."""
    with tempfile.TemporaryDirectory() as folder:
        sink = replace(
            postgres_sink(url, TABLE),
            folder=Path(folder),
            run="benchmark",
            columns=tuple(FORECAST_SCHEMA),
            key=KEY,
        )
        with connect(url) as connection:
            create_tables(connection, TABLE, FORECAST_SCHEMA, KEY, {})
        tables = [forecasts(first, SHARD_ROWS) for first in range(0, rows, SHARD_ROWS)]
        seconds = {}
        for what in ("insert", "update"):
            begun = time.perf_counter()
            for index, table in enumerate(tables):
                sink.keep(Shard(index, SHARD_ROWS, {}), Made(table, pl.DataFrame(schema=REJECTS)))
            seconds[what] = time.perf_counter() - begun
        begun = time.perf_counter()
        Query(url, f"SELECT * FROM {TABLE}").spill(Path(folder))
        seconds["read"] = time.perf_counter() - begun
        sink.finish([])
    with connect(url) as connection:
        for table_name in (TABLE, f"{TABLE}_rejects"):
            connection.execute(f"DROP TABLE {table_name}")
        connection.execute(f"DELETE FROM {SHARDS} WHERE run = 'benchmark'")
    return {f"{what}_rows_per_second": round(rows / took) for what, took in seconds.items()}


def server(url: str) -> dict[str, str]:
    """What the figures depend on: version, and whether commits wait for the disk."""
    with connect(url) as connection:
        rows = [
            connection.execute(f"SHOW {name}").fetchone() for name in ("server_version", "fsync")
        ]
    version, fsync = (str(row[0]) for row in rows if row)
    return {"server_version": version.split()[0], "fsync": fsync}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    figures = {"rows": given.rows, **measure(given.url, given.rows), **server(given.url)}
    about = {**figures, "machine": machine(), "provenance": provenance()}
    given.out.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
