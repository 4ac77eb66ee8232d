"""Small forecasting problems with a known answer."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray, Windows


def ar_windows(
    series: int = 8,
    times: int = 120,
    lookback: int = 6,
    horizons: tuple[int, ...] = (1, 2),
    coefficient: float = 0.8,
    noise: float = 0.1,
    seed: int = 0,
) -> Windows:
    """Autoregressions of order one: the best forecast is coefficient^h times the newest."""
    rng = np.random.default_rng(seed)
    values = np.zeros((series, times))
    values[:, 0] = rng.normal(size=series)
    for t in range(1, times):
        values[:, t] = coefficient * values[:, t - 1] + noise * rng.normal(size=series)
    return windows_of(values, lookback, horizons)


def windows_of(values: FloatArray, lookback: int, horizons: tuple[int, ...]) -> Windows:
    """Every window of series × time; the channel is the value, the known feature the newest."""
    series, times = values.shape
    origins = np.arange(lookback - 1, times)
    which = np.repeat(np.arange(series), len(origins))
    origin = np.tile(origins, series)
    ahead = origin[:, None] + np.asarray(horizons)
    future = values[which[:, None], np.minimum(ahead, times - 1)]
    newest = values[which, origin][:, None, None]
    return Windows(
        channels=values[..., None].astype(np.float32),
        history=values,
        series=which,
        origin=origin,
        known=np.repeat(newest, len(horizons), axis=1).astype(np.float32),
        target=np.where(ahead < times, future, np.nan),
        leads=tuple(f"h{h}" for h in horizons),
        horizons=horizons,
        lookback=lookback,
        channel_names=("value",),
        known_names=("newest",),
    )


def split(windows: Windows, cut: int) -> tuple[Windows, Windows]:
    """Rows whose outcomes are known at time `cut`, and rows that start after it."""
    ends = windows.origin + max(windows.horizons)
    return windows.select(ends <= cut), windows.select(windows.origin > cut)
