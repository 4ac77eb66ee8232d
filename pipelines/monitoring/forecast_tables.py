"""Forecasts that were written earlier: a folder, a file, a glob, or a table of a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from models.errors import ConfigError, DataError

#: Between the URL of a server and the name of a table.
TABLE = "#"


def read_forecasts(place: str, columns: Sequence[str], optional: Sequence[str]) -> pl.DataFrame:
    """The named columns of all forecasts, those of `optional` as far as they are there.

    place  what `halyard forecast --output` named; postgresql://…#TABLE for a table

    Raises DataError for what cannot be read or lacks a column, ConfigError, DependencyError.
    """
    if "://" in place:
        return _from_server(place, columns, optional)
    lazy = _scan(place)
    try:
        names = lazy.collect_schema().names()
        missing = [name for name in columns if name not in names]
        if missing:
            raise DataError(
                f"--forecasts {place}: expected what `halyard forecast` writes, there is no "
                f"column {missing[0]!r} among {', '.join(names[:20])}"
            )
        kept = [*columns, *(name for name in optional if name in names)]
        return lazy.select(kept).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"--forecasts {place}: cannot be read ({reason})") from error


def _scan(place: str) -> pl.LazyFrame:
    path = Path(place)
    if path.is_dir():
        files = sorted(path.rglob("part-*.parquet"))
        found = [file for file in files if file.parent.name != "rejects"]
        if not found:
            raise DataError(f"--forecasts {place}: the folder holds no part-*.parquet")
        return pl.scan_parquet(found, glob=False)
    if not path.is_file() and not any(mark in place for mark in "*?["):
        raise DataError(f"--forecasts {place}: no such file or folder")
    if path.suffix.lower() == ".csv":
        return pl.scan_csv(place, try_parse_dates=True)
    return pl.scan_parquet(place)


def _from_server(place: str, columns: Sequence[str], optional: Sequence[str]) -> pl.DataFrame:
    from pipelines.batch.postgres_query import Query
    from pipelines.batch.postgres_tables import quoted, quoted_table

    url, _, table = place.partition(TABLE)
    if not table:
        raise ConfigError(f"--forecasts: expected postgresql://…{TABLE}TABLE, got no table")
    query = Query(url, f"SELECT * FROM {quoted_table(table)}")
    names = query.head(0).columns
    kept = [*columns, *(name for name in optional if name in names)]
    chosen = ", ".join(map(quoted, kept))
    return pl.concat(list(Query(url, f"SELECT {chosen} FROM {quoted_table(table)}").tables()))
