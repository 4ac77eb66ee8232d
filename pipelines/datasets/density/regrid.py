"""From a model's own levels and meridians to the grid: log density is linear in between.

Log-linear in height, because density falls exponentially between two levels; linear in
latitude and, around the circle, in longitude. Where a point of the grid is one of the model's,
its value is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.emulators.grid import DEGREES_PER_HOUR, FloatArray, Grid
from models.errors import ConfigError

#: Degrees and hours within which two places are one.
_SAME = 1e-6


class OutOfReach(Exception):  # noqa: N818 - told to the caller, who knows file and hour
    """A height lies too far outside a column of levels."""

    def __init__(self, column: tuple[int, ...], height: float, low: float, high: float) -> None:
        super().__init__(f"{height:g} km outside levels from {low:.1f} to {high:.1f} km")
        self.column, self.height, self.low, self.high = column, height, low, high


@dataclass(frozen=True)
class Reach:
    """How far beyond its levels a column may be continued, by its last two levels.

    below, above  km. Above the top the atmosphere goes on with nearly one scale height, so
                  that some 50 km cost little; below the bottom it does not.
    """

    below: float = 5.0
    above: float = 50.0

    def __post_init__(self) -> None:
        for name in ("below", "above"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ConfigError(f"reach.{name}: expected 0 km or more, got {value}")


def to_heights(
    log_density: FloatArray, height: FloatArray, targets: FloatArray, reach: Reach
) -> FloatArray:
    """Columns at other heights, ... × target, from ... × level.

    log_density, height  ... × level; height in km, rising
    targets              km

    Raises OutOfReach for the first column that does not reach a target.
    """
    _refuse_far(height, targets, reach)
    result = np.empty((*log_density.shape[:-1], len(targets)))
    last = height.shape[-1] - 2
    for index, target in enumerate(targets):
        below = np.clip((height <= target).sum(axis=-1) - 1, 0, last)[..., None]
        low, high = (np.take_along_axis(height, below + k, axis=-1)[..., 0] for k in (0, 1))
        here, there = (np.take_along_axis(log_density, below + k, axis=-1)[..., 0] for k in (0, 1))
        result[..., index] = here + (target - low) / (high - low) * (there - here)
    return result


def _refuse_far(height: FloatArray, targets: FloatArray, reach: Reach) -> None:
    """Raise OutOfReach for the column that is furthest from a target."""
    bottom, top = height[..., 0], height[..., -1]
    low, high = float(targets.min()), float(targets.max())
    for short, target in ((bottom - reach.below - low, low), (high - top - reach.above, high)):
        if (short > 1e-9).any():
            column = np.unravel_index(int(np.argmax(short)), short.shape)
            found = tuple(int(i) for i in column)
            raise OutOfReach(found, target, float(bottom[column]), float(top[column]))


def latitude_weights(latitude: FloatArray, targets: FloatArray) -> FloatArray:
    """target × latitude: linear weights; beyond the outermost circle, that circle's own value.

    latitude  degrees north, rising
    """
    inside = np.asarray(np.clip(targets, latitude[0], latitude[-1]))
    below = np.clip(np.searchsorted(latitude, inside, side="right") - 1, 0, len(latitude) - 2)
    share = _snapped((inside - latitude[below]) / (latitude[below + 1] - latitude[below]))
    weights = np.zeros((len(targets), len(latitude)))
    rows = np.arange(len(targets))
    weights[rows, below] = 1 - share
    weights[rows, below + 1] += share
    return weights


def local_time_weights(
    longitude: FloatArray, hour_of_day: float, local_time: FloatArray
) -> FloatArray:
    """target × longitude: linear weights around the circle, at one UT.

    longitude    degrees east, rising, evenly spaced, once around the globe
    hour_of_day  UT, hours
    local_time   hours
    """
    wanted = DEGREES_PER_HOUR * (local_time - hour_of_day) - longitude[0]
    place = (wanted % 360.0) * len(longitude) / 360.0
    below = np.floor(place + _SAME).astype(int)
    share = _snapped(place - below)
    weights = np.zeros((len(local_time), len(longitude)))
    rows = np.arange(len(local_time))
    weights[rows, below % len(longitude)] = 1 - share
    weights[rows, (below + 1) % len(longitude)] += share
    return weights


def to_grid(
    log_density: FloatArray,
    height: FloatArray,
    longitude: FloatArray,
    latitude: FloatArray,
    hour_of_day: float,
    grid: Grid,
    reach: Reach,
) -> FloatArray:
    """One field on the grid, local time × latitude × height, from latitude × longitude × level."""
    columns = to_heights(log_density, height, np.asarray(grid.height), reach)
    north = latitude_weights(latitude, np.asarray(grid.latitude))
    east = local_time_weights(longitude, hour_of_day, np.asarray(grid.local_time))
    return np.asarray(np.einsum("tx,ny,yxh->tnh", east, north, columns, optimize=True))


def _snapped(share: FloatArray) -> FloatArray:
    """Shares that are 0 or 1 but for rounding, exactly so."""
    whole = np.rint(share)
    return np.asarray(np.where(np.abs(share - whole) < _SAME, whole, share))
