"""Pooled least squares on the whole look-back and the series' mean.

One linear map for all series, in closed form. On simulated panels of Sharpe ratios it
beats recurrent networks of the usual kind, so a network has to be compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.baselines.history import known_or, lookback_values, mean_so_far
from models.baselines.regression import PooledRegression
from models.contract import FloatArray, Windows


@dataclass(frozen=True)
class PooledLeastSquaresConfig:
    """`mean`: known feature that holds the mean so far; the history where there is none."""

    mean: str = "mean"


class PooledLeastSquares(PooledRegression[PooledLeastSquaresConfig]):
    """Regress each lead on a constant, every value of the look-back and the mean."""

    kind = "pooled_least_squares"
    config_type = PooledLeastSquaresConfig

    def _features(self, windows: Windows, lead: int) -> FloatArray:
        mean = known_or(windows, self.config.mean, mean_so_far)[:, [lead]]
        return np.concatenate([lookback_values(windows), mean], axis=1)
