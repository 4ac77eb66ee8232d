"""A small source and job, so that runs are tested without a model."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from models.errors import DataError
from pipelines.batch.contract import REJECTS, Made, Shard

MOMENT = datetime(2024, 1, 31, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Numbers:
    """The numbers 0 .. count - 1, `size` to a shard."""

    count: int = 10
    size: int = 3
    name: str = "numbers"

    def fingerprint(self) -> Mapping[str, Any]:
        return {"name": self.name, "rows": self.count}

    def shards(self) -> Sequence[Shard]:
        starts = range(0, self.count, self.size)
        return [
            Shard(i, min(self.size, self.count - start), {"start": start})
            for i, start in enumerate(starts)
        ]

    def read(self, shard: Shard) -> tuple[pl.DataFrame, pl.DataFrame]:
        start = shard.where["start"]
        numbers = pl.int_range(start, start + shard.rows, eager=True).alias("number")
        return numbers.to_frame(), pl.DataFrame(schema=REJECTS)


@dataclass(frozen=True)
class Squares:
    """Squares each number; those that end in `bad` are refused.

    die    folder: the first worker to find it without a file makes one and kills itself
    pause  seconds that each shard takes
    fault  raise instead
    """

    bad: int = -1
    version: str = "1"
    die: Path | None = None
    always: bool = False
    pause: float = 0.0
    fault: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        return ("id", "version")

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"id": pl.String, "square": pl.Float64, "version": pl.String}

    def fingerprint(self) -> Mapping[str, Any]:
        return {"model": "squares", "version": self.version}

    def open(self) -> None:
        """Nothing is heavy here."""

    def run(self, rows: pl.DataFrame) -> Made:
        time.sleep(self.pause)
        if self.fault:
            raise DataError("numbers: expected other ones")
        self._die_once()
        broken = pl.col("number") % 10 == self.bad
        made = rows.filter(~broken).select(
            pl.col("number").cast(pl.String).alias("id"),
            (pl.col("number").cast(pl.Float64) ** 2).alias("square"),
            pl.lit(self.version).alias("version"),
        )
        rejects = rows.filter(broken).select(
            pl.format("number {}", "number").alias("where"),
            pl.col("number").cast(pl.String).alias("id"),
            pl.format("expected another number, got {}", "number").alias("reason"),
        )
        return Made(made, rejects)

    def _die_once(self) -> None:
        if self.die is None:
            return
        mark = self.die / "dead"
        if self.always or not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
