"""Funds of a PostgreSQL query: rows like those of large files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.batch.file_source import FileSource
from pipelines.batch.fund_opening import OpenedFunds, Reading, open_large
from pipelines.batch.fund_source import FundRowSource, FundSource
from pipelines.batch.postgres_query import Query, QuerySource, as_file


def open_fund_query(url: str, statement: str, reading: Reading, rows_per_shard: int) -> OpenedFunds:
    """Tell the columns of a query from its first rows; all rows are read when the run begins.

    Raises DataError for a statement that fails or columns that cannot be told, DependencyError
    for a server that does not answer.
    """
    query = Query(url, statement)
    with TemporaryDirectory(prefix="halyard-query-") as folder:
        opened = open_large(as_file(query.head(), Path(folder)), reading, rows_per_shard)
    inner = opened.source
    if not isinstance(inner, FileSource | FundSource | FundRowSource):
        raise RuntimeError(f"a large input gave {type(inner).__name__}")
    return replace(opened, source=QuerySource(query, inner))
