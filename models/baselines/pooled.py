"""Where do I go to write a baseline? Give a point forecast; the rest is here.

A baseline says how its numbers are fitted on all training rows together and how they
make a point forecast. Its predictive distribution is that point plus the pooled
quantiles of its own training errors, per lead (`residuals`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

from models.baselines.base import Baseline, ConfigT
from models.baselines.residuals import around, error_quantiles
from models.contract import FloatArray, Forecast, State, Windows


class PooledBaseline(Baseline[ConfigT], ABC):
    """A point forecast with the distribution of its own training errors."""

    def __init__(self, config: ConfigT | None = None) -> None:
        super().__init__(config)
        self._arrays: dict[str, FloatArray] = {}

    @abstractmethod
    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        """Fit what the point forecast needs; lead first in every array."""

    @abstractmethod
    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        """Point forecast in target units, row × lead."""

    def fit(self, train: Windows, valid: Windows) -> Self:
        """Fit on the training rows alone; every lead needs an outcome among them.

        Raises ModelError when a lead has none.
        """
        del valid  # nothing here stops or chooses on it
        arrays = self._fit_point(train)
        arrays["errors"] = error_quantiles(train, self._point(train, arrays))
        self._leads, self._arrays = train.leads, arrays
        return self

    def predict(self, windows: Windows) -> Forecast:
        """Forecast every row; each row's answer is its own, whatever rows stand beside it."""
        self._check_leads(windows)
        return around(windows, self._point(windows, self._arrays), self._arrays["errors"])

    def state(self) -> State:
        """Return settings and fitted numbers as data."""
        return State(self.kind, self._stored_config(), dict(self._arrays))

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild a fitted model; it forecasts bit for bit as the one that was stored."""
        model = cls._restored(state)
        model._arrays = dict(state.arrays)
        return model
