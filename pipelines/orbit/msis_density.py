"""NRLMSIS along an orbit, computed at every point: the slow one, a truth to compare with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray, IntArray
from models.emulators.drivers import Drivers
from models.errors import ConfigError
from pipelines.datasets.density.msis import POINT_HEIGHTS, VERSIONS, msis_density


@dataclass(frozen=True)
class MsisDensity:
    """NRLMSIS with observed drivers; about 40 microseconds a point.

    start    of the orbit, UTC
    drivers  of every hour of the orbit; those of an hour hold until the next
    version  a name in VERSIONS
    """

    start: np.datetime64
    drivers: Drivers
    version: str = "2.1"

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise ConfigError(
                f"NRLMSIS {self.version!r} is not known; there is: {', '.join(VERSIONS)}"
            )

    @property
    def name(self) -> str:
        return f"msis-{self.version}"

    @property
    def label(self) -> str:
        return "NRLMSISE-00" if self.version == "00" else f"NRLMSIS {self.version}"

    @property
    def samples(self) -> int:
        return 1

    @property
    def heights(self) -> tuple[float, float]:
        return POINT_HEIGHTS

    def density(
        self,
        seconds: float,
        latitude: FloatArray,
        longitude: FloatArray,
        height: FloatArray,
        sample: IntArray,  # noqa: ARG002
    ) -> FloatArray:
        offset = np.timedelta64(round(1000 * seconds), "ms")
        times = np.full(len(latitude), self.start.astype("datetime64[ms]") + offset)
        # The last moment of the last day belongs to an hour that nobody needs otherwise.
        times = np.minimum(times, self.drivers.times[-1] + np.timedelta64(3_599_999, "ms"))
        found = msis_density(times, latitude, longitude, height, self.drivers, self.version)
        return np.asarray(10.0**found)
