"""Funds side by side, each ending in the last column: ready to be forecast together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.contract import FloatArray, IntArray
from pipelines.datasets.panel import ReturnsPanel
from pipelines.months import month_index


@dataclass(frozen=True)
class AlignedFunds:
    """Monthly excess returns of funds that may end at different months.

    ids     name of each fund
    last    fund: newest month with a return, as `month_index`
    excess  fund × time, decimal, NaN where missing; the last column is the month `last`
    """

    ids: pl.Series
    last: IntArray
    excess: FloatArray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def months(self) -> IntArray:
        """Months with a return, fund."""
        return np.asarray(np.isfinite(self.excess).sum(axis=1))

    def pick(self, rows: IntArray) -> AlignedFunds:
        """Keep the funds at these places."""
        return AlignedFunds(self.ids.gather(rows), self.last[rows], self.excess[rows])


def align_panel(panel: ReturnsPanel) -> AlignedFunds:
    """Align a monthly panel; a fund without any return ends where the panel begins."""
    excess = panel.excess
    times = excess.shape[1]
    seen = np.isfinite(excess)
    behind = np.where(seen.any(axis=1), np.argmax(seen[:, ::-1], axis=1), times - 1)
    source = np.arange(times) - behind[:, None]
    moved = np.take_along_axis(excess, np.maximum(source, 0), axis=1)
    moved = np.where(source >= 0, moved, np.nan)
    started = seen.any(axis=0)
    first = int(np.argmax(started)) if started.any() else 0
    last = month_index(panel.periods[-1]) - behind
    ids = pl.Series("id", panel.ids, dtype=pl.String)
    return AlignedFunds(ids, last.astype(np.int64), moved[:, first:])
