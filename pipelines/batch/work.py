"""The work on one shard: read, forecast, write. The same on every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.batch.contract import REJECTS, BatchJob, Kept, Made, Shard, Sink, Source

#: When the run was planned, UTC: one moment for all rows, however often it was resumed.
CREATED_AT = "created_at"


@dataclass(frozen=True)
class Work:
    """All that a worker needs; plain data, so it can be sent to another process."""

    job: BatchJob
    source: Source
    sink: Sink
    created_at: datetime

    def open(self) -> None:
        """Load the model and connect, once per process."""
        self.job.open()
        self.sink.open()

    def do(self, shard: Shard) -> Kept:
        """Forecast and keep one shard. Results stay here: only the record travels."""
        rows, unread = self.source.read(shard)
        made = self.job.run(rows)
        stamped = made.forecasts.with_columns(
            pl.lit(self.created_at, pl.Datetime("us", "UTC")).alias(CREATED_AT)
        )
        rejects = pl.concat([unread.select(list(REJECTS)), made.rejects.select(list(REJECTS))])
        return self.sink.keep(shard, Made(stamped, rejects))


def batch_schema(job: BatchJob) -> dict[str, Any]:
    """Column -> type of what a sink is given."""
    return {**job.schema, CREATED_AT: pl.Datetime("us", "UTC")}


def no_rejects() -> pl.DataFrame:
    """A table of rejects without rows."""
    return pl.DataFrame(schema=REJECTS)


def count_reasons(rejects: pl.DataFrame, most: int = 20) -> Mapping[str, int]:
    """How many rejects have each reason, without the value that each one got."""
    reasons = rejects["reason"].str.replace(", got .*", "").alias("reason")
    counts = reasons.value_counts(name="count").sort(["count", "reason"], descending=[True, False])
    return dict(counts.head(most).iter_rows())
