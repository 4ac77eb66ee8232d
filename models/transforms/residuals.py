"""Quantiles of forecast errors in which every origin date counts the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.contract import FloatArray, IntArray


def date_equal_weights(dates: IntArray) -> FloatArray:
    """Weight of each row such that all dates have the same total; they sum to one."""
    _, position, counts = np.unique(dates, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (counts[position] * len(counts)))


def weighted_quantiles(
    values: FloatArray, weights: FloatArray, levels: Sequence[float]
) -> FloatArray:
    """Quantiles of a weighted sample, linear between the mid-points of its steps.

    values, weights   one per row; weights positive
    """
    order = np.argsort(values, kind="stable")
    share = weights[order] / weights.sum()
    middle = np.cumsum(share) - share / 2
    return np.asarray(np.interp(np.asarray(levels), middle, values[order]))


def date_equal_quantiles(
    values: FloatArray, dates: IntArray, levels: Sequence[float]
) -> FloatArray:
    """Quantiles of errors pooled over dates, every date counting the same."""
    return weighted_quantiles(values, date_equal_weights(dates), levels)
