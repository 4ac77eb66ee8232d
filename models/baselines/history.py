"""What a baseline reads of a series: its own past up to each origin, never NaN.

A series that has no value so far gets the mean of all series so far; zero when there
is none either. Known features of the windows, where they exist, come before that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.contract import FloatArray, IntArray, Windows


def known_or(windows: Windows, name: str, otherwise: Callable[[Windows], FloatArray]) -> FloatArray:
    """Known feature `name`, or what `otherwise` reads from the history; row × lead."""
    if name in windows.known_names:
        return windows.known_column(name).astype(np.float64)
    return np.repeat(otherwise(windows)[:, None], len(windows.leads), axis=1)


def mean_so_far(windows: Windows) -> FloatArray:
    """Mean of each row's series up to its origin, row."""
    finite = np.isfinite(windows.history)
    count = finite.cumsum(axis=1)
    total = np.where(finite, windows.history, 0.0).cumsum(axis=1, dtype=np.float64)
    everywhere = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    means = np.where(count > 0, total / np.maximum(count, 1), everywhere)
    return np.asarray(means[windows.series, windows.origin])


def newest_value(windows: Windows) -> FloatArray:
    """Newest value of each row's series at or before its origin, row."""
    finite = np.isfinite(windows.history)
    times = np.arange(windows.history.shape[1])
    newest = np.maximum.accumulate(np.where(finite, times, -1), axis=1)
    time = newest[windows.series, windows.origin]
    value = windows.history[windows.series, np.maximum(time, 0)].astype(np.float64)
    return np.where(time >= 0, value, mean_so_far(windows))


def lookback_values(windows: Windows) -> FloatArray:
    """The look-back of each row, oldest first, row × time; gaps hold the mean so far."""
    views = np.lib.stride_tricks.sliding_window_view(windows.history, windows.lookback, axis=1)
    values = views[windows.series, windows.origin - (windows.lookback - 1)].astype(np.float64)
    return np.where(np.isfinite(values), values, mean_so_far(windows)[:, None])


def seasonal_values(windows: Windows, season_length: int) -> FloatArray:
    """Newest value of the season that each lead falls in, row × lead.

    A gap is bridged by the same season of an earlier year, else by the mean so far.
    """
    steps = np.asarray(windows.horizons)
    steps = steps - season_length * -(-steps // season_length)
    time = windows.origin[:, None] + steps
    found = _value_at(windows, time)
    while not (np.isfinite(found) | (time < 0)).all():
        time = time - season_length
        found = np.where(np.isfinite(found), found, _value_at(windows, time))
    return np.where(np.isfinite(found), found, mean_so_far(windows)[:, None])


def _value_at(windows: Windows, time: IntArray) -> FloatArray:
    """History at the times of each row, NaN before its beginning."""
    value = windows.history[windows.series[:, None], np.maximum(time, 0)]
    return np.where(time >= 0, value, np.nan)
