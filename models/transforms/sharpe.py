"""The Sharpe ratio of a window of excess returns (Sharpe 1994), for whole panels.

`excess` is always the return less the risk-free return of the same period, and
the frequency is always given: nothing is guessed. A window with a missing month,
or without dispersion, has no Sharpe ratio (NaN).
"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.errors import ModelError

#: Standard deviation per period below which a series does not move: prices are
#: quoted to a cent, so anything smaller is rounding noise.
MIN_DISPERSION = 1e-8


def sharpe_ratio(excess: FloatArray, periods_per_year: int) -> FloatArray:
    """Annualised Sharpe ratio along the last axis.

    excess             ... × time, decimal excess returns per period
    periods_per_year   12 for monthly returns

    Returns mean / standard deviation (ddof 1) × √periods_per_year, NaN where a month
    is missing, there are fewer than two, or the dispersion is below MIN_DISPERSION.
    """
    if periods_per_year < 1:
        raise ModelError(f"periods_per_year: expected a positive number, got {periods_per_year}")
    if excess.shape[-1] < 2:
        return np.full(excess.shape[:-1], np.nan)
    return _ratio(excess.mean(axis=-1), excess.std(axis=-1, ddof=1), periods_per_year)


def rolling_sharpe(excess: FloatArray, window: int, periods_per_year: int) -> FloatArray:
    """Sharpe ratio of the `window` periods that end at each time, series × time."""
    mean, spread = trailing_moments(excess, window)
    return _ratio(mean, spread, periods_per_year)


def forward_sharpe(excess: FloatArray, horizon: int, periods_per_year: int) -> FloatArray:
    """Sharpe ratio of the periods t+1 .. t+horizon at each t, series × time; unknown is NaN."""
    return lead(rolling_sharpe(excess, horizon, periods_per_year), horizon)


def lead(values: FloatArray, steps: int) -> FloatArray:
    """Move a series × time array `steps` back in time, so that t holds what came at t+steps."""
    moved = np.full(values.shape, np.nan)
    if steps < values.shape[1]:
        moved[:, : values.shape[1] - steps] = values[:, steps:]
    return moved


def trailing_moments(values: FloatArray, length: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (ddof 1) of the newest `length` periods at each time.

    Both series × time, NaN where one of the periods is missing or does not exist.
    """
    if length < 2:
        raise ModelError(f"window: expected at least 2 periods, got {length}")
    mean, spread = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    if values.shape[1] >= length:
        view = np.lib.stride_tricks.sliding_window_view(values, length, axis=1)
        mean[:, length - 1 :] = view.mean(axis=-1)
        spread[:, length - 1 :] = view.std(axis=-1, ddof=1)
    return mean, spread


def _ratio(mean: FloatArray, spread: FloatArray, periods_per_year: int) -> FloatArray:
    moving = spread > MIN_DISPERSION
    ratio = mean / np.where(moving, spread, 1.0) * np.sqrt(periods_per_year)
    return np.where(moving, ratio, np.nan)
