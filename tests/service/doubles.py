"""A model with the interface of `FundSharpeModel` whose answers can be worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import LEVELS, FloatArray, Forecast
from models.errors import ModelError


@dataclass(frozen=True)
class Answer:
    forecast: Forecast
    warnings: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class MeanModel:
    """Forecasts 100 times a fund's mean excess return, plus `shift`, at every lead.

    The quantile of level p lies (p - 0.5) above the mean, times 4.
    """

    min_history: int = 24
    shift: float = 0.0
    window: int = 12
    horizons: tuple[int, ...] = (6, 12)
    targets: tuple[str, ...] = ("rolling", "forward")
    periods_per_year: int = 12
    trained_until: str = "2016-12"

    @property
    def leads(self) -> tuple[str, ...]:
        return tuple(f"{t}_{h}" for t in self.targets for h in self.horizons)

    def forecast(self, excess: FloatArray, last_period: str) -> Answer:
        months = np.isfinite(excess).sum(axis=1)
        if months.min() < self.min_history:
            raise ModelError(f"expected {self.min_history} months, got {months.min()}")
        mean = np.repeat(100 * np.nanmean(excess, axis=1)[:, None] + self.shift, 4, axis=1)
        quantiles = mean[..., None] + 4 * (np.asarray(LEVELS) - 0.5)
        notes = (f"seen until {last_period}",) if last_period > "2020" else ()
        return Answer(Forecast(mean, quantiles), (notes,) * len(excess))
