"""Sharpe ratios of resampled histories: the stationary bootstrap (Politis and Romano 1994).

Blocks of random length keep the autocorrelation and the heavy tails of a series, so the
interval needs no formula. Slower than the formulas of `sharpe_inference`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, IntArray
from models.errors import ModelError
from models.transforms.sharpe_inference import sharpe_moments

#: Returns below which a series is too short to be resampled.
MIN_LENGTH = 4


def bootstrap_sharpe(
    excess: FloatArray, draws: int, seed: int, block: float | None = None
) -> FloatArray:
    """Sharpe ratios per period of resampled series, series × draw.

    excess   series × time, per period; missing returns (NaN) are left out, and what remains
             of a series is taken for consecutive
    block    mean length of a block; None: the cube root of the length

    All series share the random numbers, so a series' draws do not depend on its neighbours.
    NaN for a series with fewer than MIN_LENGTH returns, and for a draw without dispersion.
    """
    if draws < 2:
        raise ModelError(f"draws: expected at least 2, got {draws}")
    if block is not None and block < 1:
        raise ModelError(f"block: expected a mean length of at least 1, got {block}")
    found = np.full((len(excess), draws), np.nan)
    for series, row in enumerate(excess):
        values = row[np.isfinite(row)]
        if len(values) >= MIN_LENGTH:
            length = len(values) ** (1.0 / 3.0) if block is None else block
            rows = stationary_indices(len(values), draws, length, np.random.default_rng(seed))
            found[series] = sharpe_moments(values[rows]).ratio
    return found


def stationary_indices(
    size: int, draws: int, block: float, generator: np.random.Generator
) -> IntArray:
    """Indices of resampled series, draw × size: blocks wrap around the end."""
    time = np.arange(size)
    starts = generator.integers(0, size, (draws, size))
    begins: npt.NDArray[np.bool_] = generator.random((draws, size)) < 1.0 / block
    begins[:, 0] = True
    begun = np.maximum.accumulate(np.where(begins, time, 0), axis=1)
    return np.asarray((np.take_along_axis(starts, begun, axis=1) + time - begun) % size)


def bootstrap_error(ratios: FloatArray) -> FloatArray:
    """Standard deviation over the draws that have a ratio, one per series."""
    seen = np.isfinite(ratios)
    count = seen.sum(axis=1)
    mean = np.where(seen, ratios, 0.0).sum(axis=1) / np.maximum(count, 1)
    squared = np.where(seen, ratios - mean[:, None], 0.0) ** 2
    spread = np.sqrt(squared.sum(axis=1) / np.maximum(count - 1, 1))
    return np.where(count >= 2, spread, np.nan)


def bootstrap_interval(ratios: FloatArray, coverage: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Percentile interval over the draws that have a ratio, low and high, one per series."""
    if not 0.0 < coverage < 1.0:
        raise ModelError(f"coverage: expected a probability between 0 and 1, got {coverage}")
    tail = (1.0 - coverage) / 2.0
    bounds = np.full((2, len(ratios)), np.nan)
    for series, row in enumerate(ratios):
        seen = row[np.isfinite(row)]
        if len(seen) >= 2:
            bounds[:, series] = np.quantile(seen, [tail, 1.0 - tail])
    return bounds[0], bounds[1]
