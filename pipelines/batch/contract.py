"""What a batch forecast is made of: a source of rows, a job over them, a sink of tables.

A source cuts its input into shards, always in the same way; an engine lets a job make the
forecasts of each shard, in this process, in several, or on a cluster; a sink keeps what a
shard gave, whole or not at all. Sources and jobs are plain data that can be sent to other
processes; what is heavy (a model, a connection) is opened there, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl


@dataclass(frozen=True)
class Shard:
    """One piece of the work.

    index  place in the order of the output, from 0
    rows   rows of input, as far as the source can tell before it reads them
    where  plain data that tells the source what to read: files, ranges of rows, of keys
    """

    index: int
    rows: int
    where: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of its files, which sort in the order of the shards."""
        return f"part-{self.index:06d}"


@dataclass(frozen=True)
class Made:
    """What one shard gave.

    forecasts  rows of the job's schema
    rejects    rows without a forecast, or that could not be read: `where` (file and row, or
               key), `id`, `reason`
    """

    forecasts: pl.DataFrame
    rejects: pl.DataFrame


class Source(Protocol):
    """Where rows come from."""

    def fingerprint(self) -> Mapping[str, Any]:
        """JSON-able facts that change when the input does: names, sizes, checksums, query."""
        ...

    def shards(self) -> Sequence[Shard]:
        """The same pieces for the same input, wherever and how often it is called."""
        ...

    def read(self, shard: Shard) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of one shard as the job wants them, and rejects (see Made)."""
        ...


class BatchJob(Protocol):
    """One kind of forecast.

    key      columns that tell a forecast from all others, for upserts
    schema   column -> type of the forecasts
    """

    @property
    def key(self) -> tuple[str, ...]: ...

    @property
    def schema(self) -> Mapping[str, Any]: ...

    def fingerprint(self) -> Mapping[str, Any]:
        """JSON-able facts that change when the forecasts would: model version, settings."""
        ...

    def open(self) -> None:
        """Load what is heavy into this process; called once before `run`."""
        ...

    def run(self, rows: pl.DataFrame) -> Made:
        """Forecast the rows of one shard; the same rows give the same bytes."""
        ...
