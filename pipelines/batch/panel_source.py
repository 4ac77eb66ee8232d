"""Funds of a file that fits into memory: any layout, NAVs, percent, dates of all habits.

The whole file is read, checked and repaired by pipelines.datasets, once; shards are some of
its funds. Rows and funds that are faulty become rejects of the first shard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.atomic import write_parquet
from pipelines.batch.contract import REJECTS, Shard
from pipelines.batch.files import TableFile
from pipelines.batch.fund_columns import PLAIN
from pipelines.batch.work import no_rejects
from pipelines.datasets.findings import Finding
from pipelines.datasets.panel import ReturnsPanel
from pipelines.months import month_index

_FUNDS, _FAULTS = "panel.parquet", "faults.parquet"


@dataclass(frozen=True)
class PanelSource:
    """The funds of a panel.

    panel     what was read
    faults    what was left out
    file      where it stands; None for the embedded panel
    funds_per_shard  at most
    folder    of what `prepare` wrote: the panel itself does not travel
    """

    panel: ReturnsPanel | None
    faults: tuple[Finding, ...]
    file: Path | None
    about: Mapping[str, Any]
    sizes: tuple[int, ...]
    newest: int
    funds_per_shard: int
    folder: Path | None = None

    @classmethod
    def of(
        cls,
        panel: ReturnsPanel,
        faults: Sequence[Finding],
        file: Path | None,
        funds_per_shard: int,
    ) -> PanelSource:
        """The source of a panel that was read from `file`."""
        about: dict[str, Any] = {"data_hash": panel.data_hash}
        if file is not None:
            about["file"] = TableFile(str(file), "").identity()
        seen = _long(panel).group_by("id", maintain_order=True).len()
        return cls(
            panel,
            tuple(faults),
            file,
            about,
            tuple(seen["len"].to_list()),
            month_index(panel.periods[-1]),
            funds_per_shard,
        )

    def fingerprint(self) -> Mapping[str, Any]:
        return self.about

    def prepare(self, folder: Path) -> PanelSource:
        """Write the panel where the workers read it."""
        if self.panel is not None and not (folder / _FAULTS).is_file():
            write_parquet(folder / _FUNDS, _long(self.panel))
            write_parquet(folder / _FAULTS, _rejects(self.faults))
        return replace(self, panel=None, folder=folder)

    def shards(self) -> Sequence[Shard]:
        """Some funds each."""
        found, before = [], 0
        for index, start in enumerate(range(0, len(self.sizes), self.funds_per_shard)):
            rows = sum(self.sizes[start : start + self.funds_per_shard])
            found.append(Shard(index, rows, {"start": before}))
            before += rows
        return found

    def read(self, shard: Shard) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows as PLAIN names them."""
        if self.folder is None:
            raise RuntimeError("the source was not prepared")
        rows = pl.scan_parquet(self.folder / _FUNDS).slice(shard.where["start"], shard.rows)
        rejects = no_rejects() if shard.index else pl.read_parquet(self.folder / _FAULTS)
        return rows.collect(), rejects

    def sample(self) -> pl.DataFrame:
        """All rows, of which the market's sample is taken."""
        if self.folder is None:
            raise RuntimeError("the source was not prepared")
        return pl.read_parquet(self.folder / _FUNDS)


def _long(panel: ReturnsPanel) -> pl.DataFrame:
    """Rows of the months with a return."""
    months = np.array([int(label[:4]) * 100 + int(label[5:7]) for label in panel.periods])
    fund, time = np.nonzero(np.isfinite(panel.returns))
    return pl.DataFrame(
        {
            PLAIN.id: pl.Series(panel.ids, dtype=pl.String).gather(fund),
            PLAIN.month: months[time],
            PLAIN.returns: panel.returns[fund, time],
            PLAIN.risk_free: panel.risk_free[time],
        }
    )


def _rejects(faults: Sequence[Finding]) -> pl.DataFrame:
    rows = [
        (
            ", ".join([f.file, *([f"row {f.row}"] if f.row is not None else [])]),
            f.series,
            f"column {f.column!r}: {f.message}" if f.column else f.message,
        )
        for f in faults
    ]
    return pl.DataFrame(rows, schema=REJECTS, orient="row")
