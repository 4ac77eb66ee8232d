"""What a batch forecast is made of: a source of rows, a job over them, a sink of tables.

A source cuts its input into shards, always in the same way; an engine lets a job make the
forecasts of each shard, in this process, in several, or on a cluster; a sink keeps what a
shard gave, whole or not at all. All three are plain data that can be sent to other
processes; what is heavy (a model, a connection) is opened there, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import polars as pl

if TYPE_CHECKING:
    from pipelines.batch.plan import Plan
    from pipelines.batch.work import Work

#: Columns that a source may add to its rows, so that a reject can say where it stood:
#: name of the file, and 1-based row in it (in CSV the header counts).
FILE, ROW = "__file", "__row"
#: Columns of every table of rejects.
REJECTS: dict[str, Any] = {"where": pl.String, "id": pl.String, "reason": pl.String}


@dataclass(frozen=True)
class Shard:
    """One piece of the work.

    index  place in the order of the output, from 0
    rows   rows of input, as far as the source can tell before it reads them
    where  plain JSON-able data that tells the source what to read: files, ranges of rows,
           of keys
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


@dataclass(frozen=True)
class Kept:
    """The record of one finished shard, as it stands in the manifest.

    rows, rejects  of output
    digests        name -> sha256 of what was written
    reasons        how many rejects have each reason, the commonest first
    """

    index: int
    rows: int
    rejects: int
    digests: Mapping[str, str]
    reasons: Mapping[str, int] = field(default_factory=dict)


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
    schema   column -> type of the forecasts, without `created_at`, which the run adds
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


@runtime_checkable
class PreparedSource(Protocol):
    """A source that has work to do before it can be cut, such as sorting rows by fund."""

    def prepare(self, folder: Path) -> Source:
        """Do it, once, in a folder that lasts as long as the run; returns the source to use.

        Called in every run, a resumed one too: what is there already is used again.
        """
        ...


@runtime_checkable
class OutlinedSource(Protocol):
    """A source whose preparation is long, and that can say what it would give without it."""

    def outline(self, folder: Path) -> tuple[int, int]:
        """Rows, and shards or about so many; `folder` is for what has to be written."""
        ...


@runtime_checkable
class PreparedJob(Protocol):
    """A job that has to see the whole input before its shards."""

    def prepare(self, folder: Path, source: Source, shards: Sequence[Shard]) -> BatchJob:
        """As `PreparedSource.prepare`."""
        ...


@runtime_checkable
class DescribedJob(Protocol):
    """A job that can say what its columns mean."""

    @property
    def meanings(self) -> Mapping[str, str]:
        """Column -> meaning and unit, for tables that can keep them."""
        ...


class Sink(Protocol):
    """Where forecasts go. Every step may be repeated after a crash."""

    @property
    def state(self) -> Path:
        """Folder of the plan and the records of an unfinished run."""
        ...

    @property
    def manifest(self) -> Path:
        """File that tells, once everything is there, what is there."""
        ...

    def fingerprint(self) -> Mapping[str, Any]:
        """JSON-able facts that must not change between a run and its resumption."""
        ...

    def prepare(self, plan: Plan, job: BatchJob) -> Sink:
        """Make room, in the first process; returns the sink to use (see `batch_schema`)."""
        ...

    def open(self) -> None:
        """Connect, in each process that makes forecasts."""
        ...

    def keep(self, shard: Shard, made: Made) -> Kept:
        """Write what a shard gave, whole or not at all; twice gives the same as once."""
        ...

    def holds(self, kept: Kept) -> bool:
        """Whether an earlier run's shard is still there, unchanged."""
        ...

    def clear(self) -> None:
        """Remove an earlier run, finished or not, but for the lock; for --overwrite."""
        ...

    def finish(self, kept: Sequence[Kept]) -> None:
        """Put the whole in place, after all shards and before the manifest."""
        ...

    def tidy(self) -> None:
        """Remove what only an unfinished run needs, after the manifest."""
        ...


class Engine(Protocol):
    """Who does the work."""

    def run(self, work: Work, shards: Sequence[Shard], workers: int) -> Iterator[Kept]:
        """Do `work.open()` once per process and `work.do(shard)` for each; in any order."""
        ...


@runtime_checkable
class WarmEngine(Protocol):
    """An engine that can load modules while the run is still being planned.

    Jobs name them in `preload`, a tuple of modules that start no threads when they load.
    """

    def warm(self, modules: Sequence[str]) -> None:
        """Begin to load; returns at once."""
        ...
