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
    return ratio_of(excess.mean(axis=-1), excess.std(axis=-1, ddof=1), periods_per_year)


def rolling_sharpe(excess: FloatArray, window: int, periods_per_year: int) -> FloatArray:
    """Sharpe ratio of the `window` periods that end at each time, series × time."""
    mean, spread = trailing_moments(excess, window)
    return ratio_of(mean, spread, periods_per_year)


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

    Windows are put together from halves (Chan, Golub and LeVeque 1983), which takes a few
    passes over the panel for any length, and is exact for a series that does not move.
    """
    if length < 2:
        raise ModelError(f"window: expected at least 2 periods, got {length}")
    if values.shape[1] < length:
        return np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    mean, squares = _window_moments(values, length)
    missing = np.full((len(values), length - 1), np.nan)
    spread = np.sqrt(squares / (length - 1))
    return np.concatenate([missing, mean], axis=1), np.concatenate([missing, spread], axis=1)


def _window_moments(values: FloatArray, length: int) -> tuple[FloatArray, FloatArray]:
    """Mean and sum of squared deviations of all windows, from their older and newer halves."""
    if length == 1:
        # Infinite values give NaN deviations, as they do in any other way of computing them.
        return values, values - values
    older, newer = length // 2, length - length // 2
    mean, squares = _window_moments(values, older)
    if newer == older:
        new_mean, new_squares = mean, squares
    else:
        new_mean, new_squares = _window_moments(values, newer)
    starts = values.shape[1] - length + 1
    mean, squares = mean[:, :starts], squares[:, :starts]
    new_mean, new_squares = new_mean[:, older:], new_squares[:, older:]
    step = new_mean - mean
    joined = squares + new_squares
    joined += step**2 * (older * newer / length)
    step *= newer / length
    step += mean
    return step, joined


def ratio_of(mean: FloatArray, spread: FloatArray, periods_per_year: int) -> FloatArray:
    """Annualised Sharpe ratio of means and deviations per period, NaN without dispersion."""
    moving = spread > MIN_DISPERSION
    ratio = mean / np.where(moving, spread, 1.0) * np.sqrt(periods_per_year)
    return np.where(moving, ratio, np.nan)
