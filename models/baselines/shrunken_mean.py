"""Shrunken mean: the series' own mean, pulled toward what all series have in common.

Choose it over the plain mean when histories are short: their means are noisy, and a
weight fitted on all series together says how far to believe them (James and Stein 1961,
with one weight per lead instead of the normal theory's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.baselines.history import known_or, mean_so_far
from models.baselines.pooled import PooledBaseline
from models.baselines.residuals import each_lead
from models.contract import FloatArray, IntArray, Windows


@dataclass(frozen=True)
class ShrunkenMeanConfig:
    """Columns, each a known feature.

    mean    mean of the series so far; the history where there is none
    toward  what to shrink to, row × lead ("cross_mean", say); none for the mean of all
            training outcomes of the lead
    """

    mean: str = "mean"
    toward: str | None = None


class ShrunkenMean(PooledBaseline[ShrunkenMeanConfig]):
    """Forecast weight · mean + (1 - weight) · common mean, one weight in 0..1 per lead."""

    kind = "shrunken_mean"
    config_type = ShrunkenMeanConfig

    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        common = each_lead(train, lambda lead, rows: train.target[rows, lead].mean())
        own, toward = self._columns(train, common)

        def weight(lead: int, rows: IntArray) -> FloatArray:
            centre = toward[rows, lead]
            return _weight(own[rows, lead] - centre, train.target[rows, lead] - centre)

        return {"common": common, "weight": each_lead(train, weight)}

    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        own, toward = self._columns(windows, arrays["common"])
        return toward + arrays["weight"] * (own - toward)

    def _columns(self, windows: Windows, common: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The series' own mean and what it is pulled toward, both row × lead."""
        own = known_or(windows, self.config.mean, mean_so_far)
        if self.config.toward is None:
            return own, np.broadcast_to(common, own.shape)
        return own, windows.known_column(self.config.toward).astype(np.float64)


def _weight(deviation: FloatArray, outcome: FloatArray) -> FloatArray:
    """Least squares of the outcome on the deviation without a constant, within 0..1."""
    squares = float(deviation @ deviation)
    return np.clip(deviation @ outcome / squares, 0.0, 1.0) if squares > 0 else np.zeros(())
