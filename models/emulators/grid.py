"""The grid of a thermosphere field: local time × latitude × height.

Local time instead of longitude, because the bulge of the day side stands still in it;
at a whole hour UT the 24 local times are the 15-degree meridians, rolled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.errors import ConfigError

FloatArray = npt.NDArray[np.floating[Any]]

#: Degrees of longitude in an hour of local time.
DEGREES_PER_HOUR = 15.0
#: Heights that any source can be asked for, km.
HEIGHT_LIMITS = (90.0, 1000.0)


@dataclass(frozen=True)
class Grid:
    """Where the cells of a field lie.

    local_time  hours of local solar time, 0 to below 24, evenly spaced from 0
    latitude    degrees north, rising, evenly spaced, symmetric about the equator
    height      km above the ellipsoid (geodetic), rising
    """

    local_time: tuple[float, ...]
    latitude: tuple[float, ...]
    height: tuple[float, ...]

    def __post_init__(self) -> None:
        count = len(self.local_time)
        if count < 4 or not np.allclose(self.local_time, np.arange(count) * 24 / count):
            raise ConfigError(
                "grid.local_time: expected 4 or more hours, evenly spaced over the day from 0, "
                f"got {self.local_time}"
            )
        latitude = np.asarray(self.latitude)
        even = len(latitude) > 3 and np.allclose(np.diff(latitude), latitude[1] - latitude[0])
        if not even or not np.allclose(latitude, -latitude[::-1]) or abs(latitude).max() > 90:
            raise ConfigError(
                "grid.latitude: expected 4 or more degrees, rising, evenly spaced and symmetric "
                f"about the equator, got {self.latitude}"
            )
        height = np.asarray(self.height)
        low, high = HEIGHT_LIMITS
        if (
            len(height) < 2
            or (np.diff(height) <= 0).any()
            or not (low <= height[0] and height[-1] <= high)
        ):
            raise ConfigError(
                f"grid.height: expected 2 or more rising heights in km from {low:g} to {high:g}, "
                f"got {self.height}"
            )

    @classmethod
    def regular(
        cls,
        local_times: int = 24,
        latitudes: int = 20,
        heights: int = 16,
        *,
        lowest: float = 100.0,
        highest: float = 450.0,
    ) -> Self:
        """Evenly spaced; latitudes are centres of bands less half a step of 5 degrees: the
        default runs from -87.5 to 87.5, as TIE-GCM's 5-degree grid does."""
        return cls(
            tuple((np.arange(local_times) * 24.0 / local_times).tolist()),
            tuple(np.linspace(-87.5, 87.5, latitudes).tolist()),
            tuple(np.linspace(lowest, highest, heights).tolist()),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Local times, latitudes, heights."""
        return len(self.local_time), len(self.latitude), len(self.height)

    @property
    def cells(self) -> int:
        return int(np.prod(self.shape))


def local_time(hour_of_day: FloatArray, longitude: FloatArray) -> FloatArray:
    """Local solar time in hours, 0 to below 24, from UT in hours and degrees east."""
    return np.asarray((hour_of_day + longitude / DEGREES_PER_HOUR) % 24.0)
