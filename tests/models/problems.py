"""A small set of forecasting problems with everything that models may ask for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.contract import Windows
from models.transforms.fund_windows import BASELINE_KNOWN
from tests.models.forecasters.signals import ar_windows


def problem(series: int = 6, times: int = 70, seed: int = 0) -> Windows:
    """Autoregressions of unequal lengths: late starts, early ends, a hole in one of them.

    Known features are those of the linear reference, all finite; outcomes that lie in a
    gap are NaN.
    """
    windows = ar_windows(series, times, lookback=6, horizons=(1, 3), seed=seed)
    history = windows.history.copy()
    for index in range(series):
        history[index, : 3 * (index % 3)] = np.nan
        history[index, times - 2 * (index % 2) :] = np.nan
    history[0, 20:23] = np.nan
    ahead = windows.origin[:, None] + np.asarray(windows.horizons)
    seen = history[windows.series[:, None], np.minimum(ahead, times - 1)]
    noise = np.random.default_rng(seed).normal(size=(*windows.target.shape, len(BASELINE_KNOWN)))
    noise[..., 0] = windows.known[..., 0]
    return replace(
        windows,
        history=history,
        channels=np.nan_to_num(windows.channels),
        target=np.where(np.isfinite(seen), windows.target, np.nan),
        known=noise.astype(np.float32),
        known_names=BASELINE_KNOWN,
    )
