"""Funds of any number of files: long rows (name, month, return), or a row per fund.

All rows of a fund come in one shard, whether they lie together in the input or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.batch.contract import FILE, ROW, Shard
from pipelines.batch.file_source import FileSource, Piece, as_where
from pipelines.batch.fund_buckets import Buckets, make_buckets
from pipelines.batch.fund_columns import FundColumns
from pipelines.batch.fund_plan import FundPlan, names_of, pieces_of
from pipelines.batch.fund_rows import run_starts
from pipelines.batch.work import no_rejects


@dataclass(frozen=True)
class FundSource:
    """Long rows of files, a whole number of funds to a shard.

    files           what to read, with the columns that are needed
    rows_per_shard  about so many
    plan, buckets   what `prepare` found and made; buckets where rows of funds are scattered
    """

    files: FileSource
    columns: FundColumns
    rows_per_shard: int
    plan: FundPlan | None = None
    buckets: Buckets | None = None

    @property
    def newest(self) -> int | None:
        """Newest month of the input, as `month_index`."""
        return None if self.plan is None or self.plan.newest < 0 else self.plan.newest

    def fingerprint(self) -> Mapping[str, Any]:
        # Hashes of names, which part the rows, may differ between versions of polars.
        return {**self.files.fingerprint(), "polars": pl.__version__}

    def prepare(self, folder: Path) -> FundSource:
        """Look where funds begin, and bring their rows together where they are scattered."""
        files = self.files.prepare(folder)
        plan = FundPlan.make(files, self.columns, self.rows_per_shard, folder)
        ready = replace(self, files=files, plan=plan)
        if plan.together:
            return ready
        buckets = make_buckets(
            files, plan, self.columns.id, self.rows_per_shard, folder / "buckets"
        )
        return replace(ready, buckets=buckets)

    def outline(self, folder: Path) -> tuple[int, int]:
        """Rows, and shards or about so many, without bringing scattered rows together."""
        files = self.files.prepare(folder)
        plan = FundPlan.make(files, self.columns, self.rows_per_shard, folder)
        rows = sum(plan.rows)
        return rows, len(plan.cuts) if plan.together else -(-rows // self.rows_per_shard)

    def shards(self) -> Sequence[Shard]:
        """Ranges of rows that begin with a fund, or buckets."""
        plan = self._planned()
        if self.buckets is not None:
            return self.buckets.shards()
        ends = [*plan.cuts[1:], sum(plan.rows)]
        return [
            Shard(index, stop - start, as_where(plan.pieces(start, stop)))
            for index, (start, stop) in enumerate(zip(plan.cuts, ends, strict=False))
        ]

    def read(self, shard: Shard) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of some funds, as they stand."""
        if self.buckets is not None:
            return self.buckets.read(int(shard.where["bucket"])), no_rejects()
        return self.files.read(shard)

    def sample(self, part: int = 0, parts: int = 1) -> pl.DataFrame:
        """All rows of the funds whose names have the smallest hashes, wherever they lie; or
        those in one of several equal parts of the input."""
        pieces = [piece for _, piece in pieces_of(self._planned().rows)]
        cuts = [len(pieces) * cut // parts for cut in (part, part + 1)]
        found = [self._sampled(piece) for piece in pieces[slice(*cuts)]]
        nothing = self._sampled(replace(pieces[0], rows=0))
        return pl.concat([nothing, *found], how="vertical_relaxed")

    def _sampled(self, piece: Piece) -> pl.DataFrame:
        """Of a piece, the rows whose funds are among the sample."""
        rows = self.files.frame(piece, self.columns.names)
        names = names_of(rows[self.columns.id])
        starts = run_starts(names)
        chosen = names.gather(starts[:-1]).hash(0) <= self._planned().threshold
        return rows.filter(pl.Series(np.repeat(chosen.to_numpy(), np.diff(starts))))

    def _planned(self) -> FundPlan:
        if self.plan is None:
            raise RuntimeError("the source was not prepared")
        return self.plan


@dataclass(frozen=True)
class FundRowSource:
    """A row for each fund and a column for each month, turned into long rows.

    files    what to read, `rows_per_shard` of it
    id       column of the fund's name
    months   columns of the months, as `month_index`
    """

    files: FileSource
    id: str
    months: Mapping[str, int]

    @property
    def newest(self) -> int:
        """Newest month of the input, as `month_index`."""
        return max(self.months.values())

    def fingerprint(self) -> Mapping[str, Any]:
        return self.files.fingerprint()

    def prepare(self, folder: Path) -> FundRowSource:
        """See FileSource."""
        return replace(self, files=self.files.prepare(folder))

    def shards(self) -> Sequence[Shard]:
        """Ranges of rows."""
        return self.files.shards()

    def read(self, shard: Shard) -> tuple[pl.DataFrame, pl.DataFrame]:
        """One row for each fund and month: `id`, `month` (as 202001), `return`."""
        wide, rejects = self.files.read(shard)
        numbers = {name: month // 12 * 100 + month % 12 + 1 for name, month in self.months.items()}
        # The place keeps a fund's months together when its name stands in several rows.
        long = wide.with_row_index("__place").unpivot(
            list(self.months),
            index=["__place", self.id, FILE, ROW],
            variable_name="month",
            value_name="return",
        )
        named = long.sort("__place", maintain_order=True).select(
            pl.col(self.id).alias("id"),
            pl.col("month").replace_strict(numbers, return_dtype=pl.Int64),
            "return",
            FILE,
            ROW,
        )
        return named, rejects
