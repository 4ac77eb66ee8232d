"""Quantiles of an even mixture of many distributions that are known by their quantiles.

It gives what `pooling.linear_pool` gives with equal weights, and needs no loop over the parts:
the mixture's density is a sum of steps, so one sort and two running sums make its distribution
function. Choose it for tens of parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.contract import FloatArray

#: Numbers that are sorted at once, to bound the memory.
AT_ONCE = 2_000_000
#: Narrowest step of a distribution, as a share of the mixture's range: a point is a steep step.
NARROWEST = 1e-9


def mixture_quantiles(quantiles: FloatArray, levels: Sequence[float]) -> FloatArray:
    """part × ... × level -> ... × level, non-decreasing along level.

    A part's distribution function is linear between its quantiles and goes on with the slope
    of the outermost step until it ends.
    """
    parts, *shape, count = quantiles.shape
    points = np.moveaxis(quantiles, 0, -2).reshape(-1, parts, count).astype(np.float64)
    found = np.empty((len(points), count))
    rows = max(AT_ONCE // (parts * (count + 2)), 1)
    for start in range(0, len(points), rows):
        found[start : start + rows] = _mixed(points[start : start + rows], np.asarray(levels))
    return found.reshape(*shape, count)


def _mixed(points: FloatArray, levels: FloatArray) -> FloatArray:
    """row × part × level -> row × level."""
    knots, grid = _with_ends(points, levels)
    jumps = _slope_changes(knots, grid)
    knots, jumps = (each.reshape(len(points), -1) for each in (knots, jumps))
    order = np.argsort(knots, axis=-1, kind="stable")
    knots, jumps = (np.take_along_axis(each, order, axis=-1) for each in (knots, jumps))
    slopes = jumps.cumsum(axis=-1)[:, :-1]
    shares = np.zeros(knots.shape)
    np.cumsum(slopes * np.diff(knots, axis=-1), axis=-1, out=shares[:, 1:])
    # Rounding may let a flat stretch fall by a hair, which interpolation does not take.
    shares = np.maximum.accumulate(shares / points.shape[1], axis=-1)
    rows = zip(shares, knots, strict=True)
    return np.stack([np.interp(levels, share, knot) for share, knot in rows])


def _with_ends(points: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Knots of every part from level zero to one, none closer than a hair."""
    first, last = points[..., :1], points[..., -1:]
    low = levels[0] / (levels[1] - levels[0])
    high = (1.0 - levels[-1]) / (levels[-1] - levels[-2])
    below = first - (points[..., 1:2] - first) * low
    above = last + (last - points[..., -2:-1]) * high
    knots = np.concatenate([below, points, above], axis=-1)
    reach = np.ptp(knots, axis=(-2, -1), keepdims=True)
    hair = NARROWEST * np.where(reach > 0, reach, 1.0)
    steps = np.maximum(np.diff(knots, axis=-1), hair)
    start = knots[..., :1]
    spread = np.concatenate([start, start + steps.cumsum(axis=-1)], axis=-1)
    return spread, np.concatenate([[0.0], levels, [1.0]])


def _slope_changes(knots: FloatArray, grid: FloatArray) -> FloatArray:
    """By how much the density of a part changes at each of its knots."""
    slopes = np.diff(grid) / np.diff(knots, axis=-1)
    none = np.zeros_like(slopes[..., :1])
    return np.diff(np.concatenate([none, slopes, none], axis=-1), axis=-1)
