"""A grid of exponential smoothers, run over all series at once.

Each smoother is an innovations model with damped trend and season (Hyndman, Koehler, Ord
and Snyder 2008, ch. 2), or a theta model: level plus half the slope of a straight line
(Assimakopoulos and Nikolopoulos 2000). Two things make them good on short series without
any fitting: a gain never falls below one over the number of values seen, so no initial
state has to be guessed; and seasonal states start at zero with a gain that shrinks them,
as in Miller and Williams (2003). Innovations are held at a multiple of their usual size,
so that one outlier does not carry the level away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray

#: Innovations are held at so many mean absolute innovations.
CLIP = 4.0
#: Smallest gain of the mean absolute innovation, and its largest step up.
SPREAD_GAIN, SPREAD_STEP = 0.05, 3.0
#: Logarithms beyond this would overflow when taken back.
MAX_LOG = 50.0


@dataclass(frozen=True)
class GridConfig:
    """Parameters of which all combinations are run.

    levels    gains of the level
    trends    (gain of the trend as a share of the level's gain, damping); (0, 0) for none
    seasons   gains of the season; 0 averages over all seasons so far, None has no season
    drifts    shares of the straight line's slope in the theta models
    """

    levels: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.0)
    trends: tuple[tuple[float, float], ...] = (
        *((0.0, 0.0), (0.05, 0.8), (0.3, 0.8)),
        *((0.1, 0.9), (0.3, 0.9), (0.1, 0.97)),
    )
    seasons: tuple[float | None, ...] = (None, 0.0, 0.3)
    drifts: tuple[float, ...] = (0.5,)


@dataclass(frozen=True)
class _Parameters:
    """Parameters of each smoother, smoother × 1, and its damped steps, smoother × 1 × lead."""

    level: FloatArray
    trend: FloatArray
    damping: FloatArray
    season: FloatArray
    seasonal: FloatArray
    drift: FloatArray
    damped_steps: FloatArray


class SmootherGrid:
    """All smoothers on all series; feed it one time step after the other.

    season     steps in a season, 1 for none
    horizon    leads of a forecast
    positive   series: these are smoothed as logarithms
    """

    def __init__(self, config: GridConfig, season: int, horizon: int, positive: np.ndarray) -> None:
        self._season, self._horizon, self._positive = season, horizon, positive
        self._given = _parameters(config, season, horizon)
        shape = (len(self._given.level), len(positive))
        self._level, self._trend = np.zeros(shape), np.zeros(shape)
        self._seasons = np.zeros((season, *shape))
        self._spread = np.full(shape, np.nan)
        self._sum, self._moment = np.zeros(shape), np.zeros(shape)
        self._count = np.zeros(len(positive))
        self._time = -1

    def step(self, values: FloatArray) -> None:
        """Read the values of one time, one per series, NaN where there is none."""
        self._time += 1
        x, seen = self._transformed(values), np.isfinite(values)
        begins = seen & (self._count == 0)
        self._level[:, begins] = x[begins]
        self._count += seen
        index = self._time % self._season
        season = np.where(self._given.seasonal, self._seasons[index], 0.0)
        predicted = self._level + self._given.damping * self._trend
        innovation = self._clipped(np.where(seen, x - predicted - season, 0.0), seen)
        self._update(predicted, innovation, seen, index)
        if self._season > 1 and (self._time + 1) % self._season == 0:
            self._centre_seasons()
        straight = np.where(seen, x - np.where(self._given.seasonal, self._seasons[index], 0), 0.0)
        self._sum += straight
        self._moment += straight * (self._count - 1)

    def forecast(self) -> FloatArray:
        """Forecast from the newest step: smoother × series × lead, in units of the values."""
        ahead = self._level[..., None] + self._trend[..., None] * self._given.damped_steps
        ahead += self._theta_line()
        if self._season > 1:
            index = (self._time + np.arange(1, self._horizon + 1)) % self._season
            ahead += np.moveaxis(self._seasons[index], 0, 2) * self._given.seasonal[..., None]
        lifted = np.exp(np.clip(ahead, -MAX_LOG, MAX_LOG))
        return np.asarray(np.where(self._positive[:, None], lifted, ahead))

    def _transformed(self, values: FloatArray) -> FloatArray:
        safe = np.where(self._positive & np.isfinite(values), values, 1.0)
        return np.where(self._positive, np.log(safe), np.nan_to_num(values))

    def _clipped(self, innovation: FloatArray, seen: np.ndarray) -> FloatArray:
        """Hold innovations at CLIP mean absolute ones, then count them into that mean."""
        size, spread = np.abs(innovation), self._spread
        limit = np.where(np.isfinite(spread), CLIP * spread, np.inf)
        gain = np.maximum(SPREAD_GAIN, 1.0 / np.maximum(self._count, 1.0))
        moved = spread + (np.minimum(size, SPREAD_STEP * spread) - spread) * gain
        begun = np.where(size > 0, size, np.nan)
        usable = seen & (self._count > 1)
        new = np.where(np.isfinite(spread), moved, begun)
        self._spread = np.where(usable, new, spread)
        return np.clip(innovation, -limit, limit)

    def _update(
        self, predicted: FloatArray, innovation: FloatArray, seen: np.ndarray, index: int
    ) -> None:
        count, given = np.maximum(self._count, 1.0), self._given
        gain = np.maximum(given.level, 1.0 / count)
        cycles = np.floor((count - 1) / self._season) + 2.0
        season_gain = np.where(given.seasonal, np.maximum(given.season, 1.0 / cycles), 0.0)
        # Before a whole season is seen, season and trend cannot be told apart.
        trend_gain = given.trend * gain * (self._count > self._season)
        self._level = predicted + gain * innovation
        self._trend = given.damping * self._trend + trend_gain * innovation
        learns = seen & (self._count > 1)
        self._seasons[index] += season_gain * (1.0 - gain) * innovation * learns

    def _centre_seasons(self) -> None:
        """Move the mean of the seasonal states into the level."""
        mean = self._seasons.mean(axis=0)
        self._seasons -= mean
        self._level += mean * self._given.seasonal

    def _theta_line(self) -> FloatArray:
        """What the straight line adds to a theta model, smoother × series × lead."""
        given, count = self._given, np.maximum(self._count, 2.0)
        middle, variation = (count - 1) / 2, count * (count**2 - 1) / 12
        slope = (self._moment - self._sum * middle) / variation * (self._count > self._season)
        gain = np.maximum(given.level, 1.0 / count)
        # A smoothed level lags behind a line by its mean age.
        age = (1.0 - (1.0 - gain) ** count) / gain
        steps = np.arange(self._horizon) + age[..., None]
        return np.asarray((given.drift * slope)[..., None] * steps)


def _parameters(config: GridConfig, season: int, horizon: int) -> _Parameters:
    rows: FloatArray = np.array(list(_combinations(config, season)), dtype=np.float64)
    level, trend, damping, gain, drift = (rows[:, [column]] for column in range(5))
    powers: FloatArray = damping[..., None] ** np.arange(1.0, horizon + 1.0)
    steps = powers.cumsum(axis=2)
    seasonal = np.isfinite(gain)
    return _Parameters(level, trend, damping, np.nan_to_num(gain), seasonal, drift, steps)


def _combinations(config: GridConfig, season: int) -> Iterator[tuple[float, ...]]:
    seasons = config.seasons if season > 1 else (None,)
    for gain in (np.nan if s is None else s for s in seasons):
        for level in config.levels:
            yield from ((level, trend, damping, gain, 0.0) for trend, damping in config.trends)
            yield from ((level, 0.0, 0.0, gain, drift) for drift in config.drifts)
