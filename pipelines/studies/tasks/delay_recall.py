"""Random bits, each to be said again some steps later (Fairbank et al. 2022)."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray


def random_bits(rows: int, steps: int, draw: np.random.Generator) -> FloatArray:
    """row × step × 1, zeros and ones, float32."""
    return draw.integers(0, 2, (rows, steps, 1)).astype(np.float32)


def delayed(bits: FloatArray, delay: int) -> FloatArray:
    """What is to be said from step `delay` on, row × step."""
    return np.asarray(bits[:, :-delay, 0])
