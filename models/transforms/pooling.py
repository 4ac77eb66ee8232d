"""Several predictive distributions made into one, per lead, from their quantiles.

`quantile_average` keeps the shape of the members and is as wide as they are on average;
`linear_pool` is the mixture: wider where the members disagree, which suits members that
are each too sure (Lichtendahl, Grushka-Cockayne and Winkler 2013).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.contract import FloatArray, Forecast
from models.errors import ModelError

#: Rows that are mixed at once, to bound the memory.
CHUNK = 2048


def combine(forecasts: Sequence[Forecast], weights: FloatArray, rule: str) -> Forecast:
    """Combine forecasts of the same rows and leads.

    weights  member × lead, not negative, sum one over members
    rule     one of COMBINATIONS
    """
    if len({forecast.levels for forecast in forecasts}) != 1:
        raise ModelError("forecasts to combine must have the same levels")
    mean = np.einsum("mrl,ml->rl", np.stack([f.mean for f in forecasts]), weights)
    quantiles = np.stack([f.quantiles for f in forecasts])
    pooled = COMBINATIONS[rule](quantiles, weights, np.asarray(forecasts[0].levels))
    return Forecast(mean, pooled, forecasts[0].levels)


def quantile_average(quantiles: FloatArray, weights: FloatArray, _levels: FloatArray) -> FloatArray:
    """Average quantiles level by level: member × row × lead × level -> row × lead × level."""
    return np.asarray(np.einsum("mrlq,ml->rlq", quantiles, weights))


def linear_pool(quantiles: FloatArray, weights: FloatArray, levels: FloatArray) -> FloatArray:
    """Quantiles of the mixture of distribution functions, same shapes as above.

    Each member's distribution function is linear between its quantiles; beyond the outer
    ones it goes on with the slope of the outermost step until it ends.
    """
    pieces = [
        _mix(quantiles[:, start : start + CHUNK], weights, levels)
        for start in range(0, max(quantiles.shape[1], 1), CHUNK)
    ]
    return np.concatenate(pieces)


def _mix(quantiles: FloatArray, weights: FloatArray, levels: FloatArray) -> FloatArray:
    points, grid = _extend(quantiles, levels)
    members, size = len(points), len(grid)
    joined = np.moveaxis(points, 0, -2).reshape(*points.shape[1:3], members * size)
    order = np.argsort(joined, axis=-1, kind="stable")
    values = np.take_along_axis(joined, order, axis=-1)
    mixed = np.zeros(values.shape)
    for member in range(members):
        own = order // size == member
        mixed += weights[member][:, None] * _cdf_at(values, points[member], grid, own)
    return _invert(values, mixed, levels)


def _extend(quantiles: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Add the ends of the distribution, at levels zero and one."""
    low, high = quantiles[..., :2], quantiles[..., -2:]
    below = low[..., :1] - (low[..., 1:] - low[..., :1]) * levels[0] / (levels[1] - levels[0])
    above = high[..., 1:] + (high[..., 1:] - high[..., :1]) * (1 - levels[-1]) / (
        levels[-1] - levels[-2]
    )
    points = np.concatenate([below, quantiles, above], axis=-1)
    return points, np.concatenate([[0.0], levels, [1.0]])


def _cdf_at(
    values: FloatArray, points: FloatArray, grid: FloatArray, own: np.ndarray
) -> FloatArray:
    """Distribution function with quantiles `points` at `values`, which are sorted and hold
    the points where `own` is true; so counting replaces searching."""
    below = np.clip(own.cumsum(axis=-1) - 1, 0, len(grid) - 2)
    left = np.take_along_axis(points, below, axis=-1)
    width = np.take_along_axis(points, below + 1, axis=-1) - left
    share = np.where(width > 0, (values - left) / np.where(width > 0, width, 1.0), values >= left)
    return np.asarray(grid[below] + (grid[below + 1] - grid[below]) * np.clip(share, 0.0, 1.0))


def _invert(values: FloatArray, cdf: FloatArray, levels: FloatArray) -> FloatArray:
    """Values at which a piecewise linear distribution function reaches each level."""
    found = np.empty((*values.shape[:-1], len(levels)))
    for index, level in enumerate(levels):
        # A hair of tolerance: the mixture of equal members must give them back.
        right = np.clip((cdf < level - 1e-12).sum(axis=-1), 1, values.shape[-1] - 1)[..., None]
        x0, x1 = (np.take_along_axis(values, at, axis=-1) for at in (right - 1, right))
        y0, y1 = (np.take_along_axis(cdf, at, axis=-1) for at in (right - 1, right))
        share = (level - y0) / np.where(y1 > y0, y1 - y0, 1.0)
        found[..., index] = (x0 + np.clip(share, 0.0, 1.0) * (x1 - x0))[..., 0]
    return np.maximum.accumulate(found, axis=-1)


COMBINATIONS: dict[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "quantile_average": quantile_average,
    "linear_pool": linear_pool,
}
