"""One pooled regression per lead: the base of the linear baselines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np

from models.baselines.base import ConfigT
from models.baselines.least_squares import linear_fit, linear_predict
from models.baselines.pooled import PooledBaseline
from models.baselines.residuals import each_lead, scale_of
from models.contract import FloatArray, IntArray, Windows


class PooledRegression(PooledBaseline[ConfigT]):
    """Regress each lead on features of the row, all series together.

    Features and target are divided by the scale of the windows, where one is set, so
    that series of different size can share one regression.
    """

    @abstractmethod
    def _features(self, windows: Windows, lead: int) -> FloatArray:
        """Regressors of one lead in target units, row × feature, finite, no constant."""

    def _solve(
        self, features: FloatArray, target: FloatArray, dates: IntArray, horizon: int
    ) -> FloatArray:
        """Intercept and coefficients; `dates` are the rows' origins."""
        del dates, horizon
        return linear_fit(features, target)

    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        scale = scale_of(train)

        def solve(lead: int, rows: IntArray) -> FloatArray:
            size = scale[rows, lead]
            features = self._features(train.select(rows), lead) / size[:, None]
            target, dates = train.target[rows, lead] / size, train.origin[rows]
            return self._solve(features, target, dates, train.horizons[lead])

        return {"coefficients": each_lead(train, solve)}

    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        scale = scale_of(windows)
        columns = [
            scale[:, lead] * linear_predict(self._features(windows, lead) / scale[:, [lead]], row)
            for lead, row in enumerate(arrays["coefficients"])
        ]
        return np.stack(columns, axis=1)
