"""Autoregressions of order two whose noise grows with the series.

::

    y_t = 1.2 y_{t-1} - 0.5 y_{t-2} + (0.2 + 0.2 |y_{t-1}|) e_t

What a model is trained on may be cut to quiet windows; the others are outside what it knows.
"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray, Windows

FIRST, SECOND = 1.2, -0.5
QUIET, GROWTH = 0.2, 0.2
#: Steps before the first that is given out.
BURN_IN = 50


def uneven_series(series: int, times: int, seed: int) -> FloatArray:
    """series × time"""
    draws = np.random.default_rng(seed).normal(size=(series, times + BURN_IN))
    values = np.zeros_like(draws)
    for now in range(2, values.shape[1]):
        newest, before = values[:, now - 1], values[:, now - 2]
        spread = QUIET + GROWTH * np.abs(newest)
        values[:, now] = FIRST * newest + SECOND * before + spread * draws[:, now]
    return values[:, BURN_IN:]


def next_value_windows(values: FloatArray, lookback: int) -> Windows:
    """Every window of series × time with the value after it to forecast."""
    series, times = values.shape
    origins = np.arange(lookback - 1, times - 1)
    which, origin = np.repeat(np.arange(series), len(origins)), np.tile(origins, series)
    return Windows(
        channels=values[..., None].astype(np.float32),
        history=values,
        series=which,
        origin=origin,
        known=np.zeros((len(which), 1, 0), dtype=np.float32),
        target=values[which, origin + 1][:, None],
        leads=("next",),
        horizons=(1,),
        lookback=lookback,
        channel_names=("value",),
    )


def inside_and_outside(windows: Windows, limit: float) -> tuple[Windows, Windows]:
    """Rows whose whole window stays within ± limit, and those that end beyond twice of it."""
    past = np.abs(windows.past()[..., 0])
    inside = past.max(axis=1) < limit
    outside = past[:, -1] > 2.0 * limit
    return windows.select(np.flatnonzero(inside)), windows.select(np.flatnonzero(outside))
