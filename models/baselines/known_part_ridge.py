"""The linear reference for Sharpe ratios: a ridge regression that is given the known part.

A target window that overlaps the past is partly known; its known months enter through
their mean, spread and ratio. One regression per lead, pooled over series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.baselines.least_squares import linear_fit, linear_predict
from models.baselines.regression import PooledRegression
from models.contract import FloatArray, IntArray, Windows
from models.errors import ConfigError

BoolArray = npt.NDArray[np.bool_]

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
        if not self.penalties or min(self.penalties) <= 0:
            raise ConfigError(f"penalties: expected positive numbers, got {self.penalties}")
        if not 0 < self.holdout < 1:
            raise ConfigError(f"holdout: expected a share between 0 and 1, got {self.holdout}")


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
        return linear_fit(features, target, self._penalty(features, target, *split))

    def _penalty(
        self, features: FloatArray, target: FloatArray, older: BoolArray, newer: BoolArray
    ) -> float:
        """Penalty with the least squared error on the newer rows, fitted on the older ones.

        With too few older rows to tell, the middle one.
        """
        penalties = sorted(self.config.penalties)
        if len(penalties) == 1 or older.sum() <= features.shape[1]:
            return penalties[len(penalties) // 2]

        def loss(penalty: float) -> float:
            fitted = linear_fit(features[older], target[older], penalty)
            return float(((target[newer] - linear_predict(features[newer], fitted)) ** 2).mean())

        return min(penalties, key=loss)


def time_split(dates: IntArray, horizon: int, share: float) -> tuple[BoolArray, BoolArray]:
    """Masks of the older and the newer rows; the newer ones hold `share` of the dates.

    Rows whose outcome ends after the split are in neither.
    """
    unique = np.unique(dates)
    split = unique[min(int((1 - share) * len(unique)), len(unique) - 1)]
    return dates + horizon <= split, dates >= split
