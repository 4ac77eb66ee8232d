"""Small panels for the tests."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray


def seasonal_panel(series: int = 8, times: int = 60, season: int = 6, seed: int = 0) -> FloatArray:
    """Positive series with a season and noise; every third begins late."""
    generator = np.random.default_rng(seed)
    level = generator.uniform(20, 200, size=(series, 1))
    wave = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(times) / season + generator.random((series, 1))))
    values = level * wave * generator.lognormal(0, 0.05, size=(series, times))
    values[::3, : times // 3] = np.nan
    return np.asarray(values)
