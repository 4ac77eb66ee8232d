"""One forecast out of hundreds, weighted online by what each got right so far.

At every origin the weight of a forecaster falls exponentially with its mean absolute error
over all leads that have come true by then (the exponentially weighted forecaster of
Cesa-Bianchi and Lugosi 2006, ch. 2). A series with little history trusts the errors of all
series together, one with much its own. How much is much, and how fast weights fall, is
settled by the errors of the combinations themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from models.contract import FloatArray, IntArray
from models.monthly.recent import RecentValues
from models.monthly.smoothers import GridConfig, SmootherGrid

#: One error counts for at most so many units of the series' scale.
MAX_ERROR = 50.0
#: Called with (steps done, steps in all).
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PoolConfig:
    """How forecasts are combined.

    grid          the smoothers
    temperatures  candidates: relative excess of the error at which a weight falls to 1/e
    priors        candidates: outcomes at which own errors count as much as all series'
    """

    grid: GridConfig = field(default_factory=GridConfig)
    temperatures: tuple[float, ...] = (0.02, 0.05)
    priors: tuple[float, ...] = (30.0, 300.0)


@dataclass(frozen=True)
class Pooled:
    """What the pool says: forecasts, origin × series × lead, from the origin `first` on."""

    forecasts: FloatArray
    first: int

    def at(self, series: np.ndarray, origin: np.ndarray) -> FloatArray:
        """Forecasts of some rows, row × lead."""
        return np.asarray(self.forecasts[origin - self.first, series], dtype=np.float64)


class _Errors:
    """Sums of absolute errors, forecaster × series, counted when an outcome's time comes."""

    def __init__(self, horizon: int) -> None:
        self._slots: list[tuple[FloatArray, FloatArray] | None] = [None] * (horizon + 1)
        self.total: FloatArray = np.zeros((1, 1))
        self.count: FloatArray = np.zeros(1)

    def settle(self, time: int) -> None:
        """Count the errors of outcomes at this time."""
        slot = self._slots[time % len(self._slots)]
        if slot is not None:
            self.total, self.count = self.total + slot[0], self.count + slot[1]
        self._slots[time % len(self._slots)] = None

    def expect(self, time: int, errors: FloatArray, known: np.ndarray) -> None:
        """Note errors, forecaster × series, of outcomes at a later time."""
        place = time % len(self._slots)
        slot = self._slots[place]
        added = np.where(known, np.minimum(errors, MAX_ERROR), 0.0).astype(np.float32)
        here = known.astype(float)
        self._slots[place] = (added, here) if slot is None else (slot[0] + added, slot[1] + here)


def pool(
    values: FloatArray,
    scale: FloatArray,
    season: int,
    horizon: int,
    first: int,
    config: PoolConfig,
    progress: Progress | None = None,
) -> Pooled:
    """Forecast every series from every origin `first` .. newest.

    values   series × time, right-aligned, NaN where there is none
    scale    series: positive, makes the errors of series comparable
    """
    candidates = [(t, n) for t in config.temperatures for n in config.priors]
    times = values.shape[1]
    positive = np.asarray(np.nanmin(values, axis=1) > 0)
    grid = SmootherGrid(config.grid, season, horizon, positive)
    recent = RecentValues(season, horizon, len(values))
    own, combined = _Errors(horizon), _Errors(horizon)
    kept = np.zeros((len(candidates), times - first, len(values), horizon), dtype=np.float32)
    for time in range(times):
        grid.step(values[:, time])
        recent.step(values[:, time])
        own.settle(time)
        combined.settle(time)
        if time < min(2, first):
            continue
        forecasts = np.concatenate([grid.forecast(), recent.forecast()]).astype(np.float32)
        if time >= first:
            for index, (temperature, prior) in enumerate(candidates):
                weights = _weights(own, len(forecasts), len(values), temperature, prior)
                kept[index, time - first] = np.einsum("es,esl->sl", weights, forecasts)
            _expect(combined, kept[:, time - first], values, scale, season, time)
        _expect(own, forecasts, values, scale, season, time)
        if progress is not None:
            progress(time + 1, times)
    best = int(np.argmin(combined.total.sum(axis=1))) if combined.count.any() else 0
    return Pooled(kept[best], first)


def _weights(
    errors: _Errors, forecasters: int, series: int, temperature: float, prior: float
) -> FloatArray:
    """Weights, forecaster × series, sum one over forecasters."""
    if not errors.count.any():
        return np.full((forecasters, series), 1.0 / forecasters, dtype=np.float32)
    everywhere = (errors.total.sum(axis=1) / errors.count.sum())[:, None]
    own = errors.total / np.maximum(errors.count, 1.0)
    trust = errors.count / (errors.count + prior)
    loss = trust * own + (1.0 - trust) * everywhere
    least = loss.min(axis=0)
    width = temperature * max(float(least.mean()), np.finfo(float).tiny ** 0.5)
    weights = np.exp(-(loss - least) / width)
    return np.asarray((weights / weights.sum(axis=0)).astype(np.float32))


def _expect(
    errors: _Errors,
    forecasts: FloatArray,
    values: FloatArray,
    scale: FloatArray,
    season: int,
    time: int,
) -> None:
    """Note the errors of these forecasts, to be counted when their time comes.

    Series that have only begun are left out: forecasts from so little say nothing.
    """
    count = np.isfinite(values[:, : time + 1]).sum(axis=1)
    begun = (count > _start_up(values, season)) & np.isfinite(values[:, time])
    for lead in range(min(forecasts.shape[2], values.shape[1] - 1 - time)):
        outcome = values[:, time + 1 + lead]
        known = begun & np.isfinite(outcome)
        off = np.abs(forecasts[:, :, lead] - np.nan_to_num(outcome)) / scale
        errors.expect(time + 1 + lead, off, known)


def _start_up(values: FloatArray, season: int) -> IntArray:
    """Values of each series before its errors count: a season, or a third of a short one."""
    third = np.isfinite(values).sum(axis=1) // 3
    return np.asarray(np.minimum(season, np.maximum(third, 1)))
