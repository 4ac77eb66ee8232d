"""The linear reference for Sharpe ratios: a ridge regression that is given the known part.

A target window that overlaps the past is partly known; its known months enter through
their mean, spread and ratio. One regression per lead, pooled over series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.baselines.least_squares import linear_fit
from models.baselines.penalty_choice import check_choice, chosen_penalty, time_split
from models.baselines.regression import PooledRegression
from models.contract import FloatArray, IntArray, Windows

COLUMNS = (
    "last",
    "lag",
    "cross_mean",
    "known_mean",
    "known_std",
    "known_ratio",
    "vol_24",
    "sharpe_36",
    "mean",
)


@dataclass(frozen=True)
class KnownPartRidgeConfig:
    """Columns and penalties.

    columns     known features to regress on; all are needed
    difference  two of them whose difference is a further regressor
    penalties   ridge penalties per row to choose from, per lead, on the newest part of the
                training dates; a single one is taken as it is
    holdout     share of the dates in that part
    """

    columns: tuple[str, ...] = COLUMNS
    difference: tuple[str, str] = ("last", "cross_mean")
    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    holdout: float = 0.25

    def __post_init__(self) -> None:
        check_choice(self.penalties, self.holdout)


class KnownPartRidge(PooledRegression[KnownPartRidgeConfig]):
    """Ridge per lead on standardised columns; see the configuration for the penalty."""

    kind = "known_part_ridge"
    config_type = KnownPartRidgeConfig

    def _features(self, windows: Windows, lead: int) -> FloatArray:
        left, right = self.config.difference
        columns = [windows.known_column(name)[:, lead] for name in self.config.columns]
        difference = windows.known_column(left)[:, lead] - windows.known_column(right)[:, lead]
        return np.stack([*columns, difference], axis=1).astype(np.float64)

    def _solve(
        self, features: FloatArray, target: FloatArray, dates: IntArray, horizon: int
    ) -> FloatArray:
        split = time_split(dates, horizon, self.config.holdout)
        penalty = chosen_penalty(features, target, self.config.penalties, *split)
        return linear_fit(features, target, penalty)
