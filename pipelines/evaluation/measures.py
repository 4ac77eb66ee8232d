"""Measures of a point forecast and of a predictive distribution: pure functions of arrays.

Choose here what one forecast costs; `scores.py` puts the measures together per model.
Outcomes and forecasts are in target units, rows along the first axis.
"""

from __future__ import annotations

import numpy as np

from models.contract import LEVELS, FloatArray, IntArray

#: Central intervals whose ends are levels of the grid.
COVERAGES = (0.5, 0.8, 0.9, 0.95)

_GRID = np.asarray(LEVELS)
#: Distance of neighbouring levels, which is also the probability left in either tail.
_STEP = 1.0 / (len(LEVELS) + 1)


def crps(y: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score of each row, target units.

    CRPS is twice the integral of the pinball loss over all levels (Gneiting and
    Ranjan 2011, eq. 8), here by the trapezoidal rule on 0, 1/40 .. 39/40, 1. At the
    levels 0 and 1, which are not forecast, the loss counts as zero, its limit for any
    distribution with a mean. On a sharp, calibrated normal this is 0.1 % below the
    exact score; the plain mean over the 39 levels is the same number times 40/39, 2.5 %
    above it. The order of models is the same with either.
    """
    below = y[:, None] - quantiles.astype(np.float64)
    losses = below @ _GRID + np.maximum(-below, 0.0).sum(axis=1)
    return np.asarray(2.0 * _STEP * losses)


def smape(y: FloatArray, mean: FloatArray) -> float:
    """Return the symmetric mean absolute percentage error, 0 .. 200 %.

    200 × sum |y - f| / sum (|y| + |f|): a ratio of sums. The mean of the rows' own
    ratios is useless for a target that crosses zero: near zero any forecast scores 200.
    """
    size = float(np.abs(y).sum() + np.abs(mean).sum())
    return 200.0 * float(np.abs(y - mean).sum()) / size if size else 0.0


def coverage(y: FloatArray, quantiles: FloatArray, level: float) -> float:
    """Return the share of outcomes inside the central interval of probability `level`."""
    lower = round((1.0 - level) / 2.0 / _STEP) - 1
    upper = len(LEVELS) - 1 - lower
    inside = (quantiles[:, lower] <= y) & (y <= quantiles[:, upper])
    return float(inside.mean())


def pit_counts(y: FloatArray, quantiles: FloatArray) -> IntArray:
    """Return how many outcomes fall between neighbouring quantiles, level + 1 bins.

    The bins are equally probable, so a calibrated forecast fills them evenly: the
    histogram of the probability integral transform (Dawid 1984).
    """
    place = (quantiles < y[:, None]).sum(axis=1)
    return np.bincount(place, minlength=len(LEVELS) + 1).astype(np.int64)


def interval_coverage(counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return nominal and empirical coverage of all central intervals, narrow to wide.

    counts  of `pit_counts`
    """
    half = len(counts) // 2
    inside = np.cumsum(counts[half:]) + np.cumsum(counts[:half][::-1])
    nominal = 2.0 * _STEP * np.arange(1, half)
    return nominal, inside[:-1] / counts.sum()
