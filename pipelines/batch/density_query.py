"""Points of a PostgreSQL query: epoch, latitude, longitude, height, and an id if there is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.batch.density_opening import point_columns
from pipelines.batch.postgres_query import LABEL, Query, QuerySource, as_file


def open_point_query(url: str, statement: str, rows_per_shard: int) -> QuerySource:
    """Check the columns of a query; its rows are read when the run begins.

    Raises DataError for a statement that fails or lacks a column, DependencyError for a
    server that does not answer.
    """
    query = Query(url, statement)
    with TemporaryDirectory(prefix="halyard-query-") as folder:
        source = point_columns(as_file(query.head(1), Path(folder)), LABEL)
    return QuerySource(query, replace(source, rows_per_shard=rows_per_shard))
