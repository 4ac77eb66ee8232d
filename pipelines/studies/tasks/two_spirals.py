"""Two spirals around each other: which one is a point on? (Lang and Witbrock 1988)"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray

STEPS = 97


def two_spirals(offset: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """194 points, row × 2, and their spiral, 0 or 1; half a step on, `offset` 0.5, for a test.

    The radius grows from 0.65 to 6.5 over 97 steps of pi / 16.
    """
    step = np.arange(STEPS) + offset
    radius = 0.65 + (6.5 - 0.65) * step / (STEPS - 1)
    one = np.stack([radius * np.cos(step * np.pi / 16), radius * np.sin(step * np.pi / 16)], axis=1)
    points = np.concatenate([one, -one]).astype(np.float32)
    return points, np.repeat([0.0, 1.0], STEPS).astype(np.float32)
