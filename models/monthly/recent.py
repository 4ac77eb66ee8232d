"""Forecasts that repeat what was seen: medians of the newest values, the same season before.

They are what is left to say about series with many zeros, with steps, or with hardly any
history; the median of many zeros is zero, which minimises absolute errors.
"""

from __future__ import annotations

import warnings

import numpy as np

from models.contract import FloatArray

#: Lengths of the windows whose medians are taken, in steps.
WINDOWS = (1, 3, 6, 12, 24, 48)
#: Seasons that the seasonal forecasts look back on.
CYCLES = 3


class RecentValues:
    """Medians of the newest values, and seasonal repeats, of all series.

    season, horizon   steps in a season, leads of a forecast
    series            number of series
    """

    def __init__(self, season: int, horizon: int, series: int) -> None:
        self._season, self._horizon = season, horizon
        self._kept = max(*WINDOWS, CYCLES * season + horizon)
        self._values = np.full((series, self._kept), np.nan)

    def step(self, values: FloatArray) -> None:
        """Read the values of one time, one per series, NaN where there is none."""
        self._values = np.concatenate([self._values[:, 1:], values[:, None]], axis=1)

    def forecast(self) -> FloatArray:
        """Forecast from the newest step: rule × series × lead."""
        medians = [self._flat(_median(self._values[:, -n:])) for n in WINDOWS]
        fallback = _first_known(medians[2], *medians[3:], np.zeros_like(medians[0]))
        flat = [_first_known(median, fallback) for median in medians]
        repeats = [_first_known(self._same_season(back), fallback) for back in range(1, CYCLES + 1)]
        seasonal = [repeats[0], (repeats[0] + repeats[1]) / 2, np.median(repeats, axis=0)]
        return np.stack([*flat, *seasonal, np.zeros_like(fallback)])

    def _flat(self, values: FloatArray) -> FloatArray:
        return np.repeat(values[:, None], self._horizon, axis=1)

    def _same_season(self, back: int) -> FloatArray:
        """Values of the season of each lead, `back` seasons ago, series × lead."""
        steps = np.arange(1, self._horizon + 1)
        cycles = -(-steps // self._season) + back - 1
        return self._values[:, self._kept - 1 + steps - self._season * cycles]


def _median(values: FloatArray) -> FloatArray:
    """Median of each row's known values; NaN without any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=1))


def _first_known(*choices: FloatArray) -> FloatArray:
    """The first choice that is not NaN, cell by cell."""
    found = choices[0]
    for choice in choices[1:]:
        found = np.where(np.isfinite(found), found, choice)
    return found
