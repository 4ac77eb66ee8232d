"""Windows of a sum of two sinusoids, with values missing at random."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray

STEPS = 32
#: Turns in a window, and heights, of each sinusoid.
TURNS, HEIGHTS = (1.0, 8.0), (0.5, 1.2)


def sinusoid_windows(rows: int, seed: int) -> FloatArray:
    """row × STEPS, float32: frequencies, phases and heights are drawn anew for every row."""
    draw = np.random.default_rng(seed)
    shape = (rows, 2, 1)
    turns, heights = draw.uniform(*TURNS, shape), draw.uniform(*HEIGHTS, shape)
    phase = draw.uniform(0, 2 * np.pi, shape)
    angle = 2 * np.pi * turns * np.arange(STEPS) / STEPS + phase
    return np.asarray((heights * np.sin(angle)).sum(axis=1), dtype=np.float32)


def with_gaps(windows: FloatArray, share: float, seed: int) -> FloatArray:
    """The same, with NaN in the place of a share of the values."""
    hidden = np.random.default_rng(seed).random(windows.shape) < share
    return np.where(hidden, np.float32(np.nan), windows)
