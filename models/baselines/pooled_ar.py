"""Pooled autoregression: one regression per lead for all series, on now and one season ago.

The plainest model that learns how fast a ratio returns to its mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.baselines.history import known_or, newest_value
from models.baselines.regression import PooledRegression
from models.contract import FloatArray, Windows


@dataclass(frozen=True)
class PooledARConfig:
    """Columns, each a known feature.

    last  newest value of the same target; the history where there is none
    lag   a second regressor (the value one window earlier), used where it exists
    """

    last: str = "last"
    lag: str | None = "lag"


class PooledAR(PooledRegression[PooledARConfig]):
    """Regress each lead on a constant, the last value and its lag."""

    kind = "pooled_ar"
    config_type = PooledARConfig

    def _features(self, windows: Windows, lead: int) -> FloatArray:
        columns = [known_or(windows, self.config.last, newest_value)[:, lead]]
        if self.config.lag in windows.known_names:
            columns.append(windows.known_column(str(self.config.lag))[:, lead].astype(np.float64))
        return np.stack(columns, axis=1)
