"""A forecaster that always says the same, to test what is built on forecasters."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy import stats

from models.contract import LEVELS, FloatArray, Forecast, State, Windows

NORMAL = stats.norm.ppf(LEVELS)


def normal_forecast(mean: FloatArray, spread: float = 1.0) -> Forecast:
    """Normal distributions around `mean`, row × lead."""
    return Forecast(mean, mean[..., None] + spread * NORMAL)


def windows_of(target: FloatArray, origin: list[int] | None = None) -> Windows:
    """Rows with these outcomes, one series, nothing to learn from."""
    rows, leads = target.shape
    return Windows(
        channels=np.zeros((1, rows, 1), dtype=np.float32),
        history=np.zeros((1, rows)),
        series=np.zeros(rows, dtype=np.int64),
        origin=np.asarray(range(rows) if origin is None else origin, dtype=np.int64),
        known=np.zeros((rows, leads, 1), dtype=np.float32),
        target=target,
        leads=tuple(f"lead_{lead}" for lead in range(leads)),
        horizons=tuple(range(1, leads + 1)),
        lookback=1,
    )


class Fixed:
    """Normal around one mean per lead; remembers the rows that it was fitted on."""

    kind = "fixed"

    def __init__(self, means: list[float], spread: float = 1.0) -> None:
        self.means = means
        self.spread = spread
        self.origins: list[int] = []

    def fit(self, train: Windows, valid: Windows) -> Self:
        """Learn nothing."""
        assert len(valid) >= 0
        self.origins = train.origin.tolist()
        return self

    def predict(self, windows: Windows) -> Forecast:
        """The same for every row."""
        return normal_forecast(np.tile(self.means, (len(windows), 1)), self.spread)

    def state(self) -> State:
        """All there is."""
        return State(self.kind, {"means": self.means, "spread": self.spread})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`."""
        return cls(list(state.config["means"]), float(state.config["spread"]))
