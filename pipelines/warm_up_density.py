"""The recorded density query that a server repeats before it answers its first request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.errors import ArtefactError
from pipelines.warm_up import TOLERANCE

#: Hours of the sample's path, and points along it.
HOURS = 6
POINTS = 24


@dataclass(frozen=True)
class DensitySample:
    """Drivers and points of one query, and the mean and spread of log10 density there.

    drivers  `lookback` hours of the emulator and HOURS more
    points   inside these last hours
    mean     point: of log10 density (kg/m3)
    std      point
    """

    drivers: Drivers
    points: Points
    mean: FloatArray
    std: FloatArray

    @classmethod
    def record(cls, emulator: DensityEmulator, drivers: Drivers) -> Self:
        """Ask at places all over the grid in the newest hours of `drivers`; keep both sides.

        Raises ModelError when the drivers are fewer than the emulator's `lookback` and HOURS.
        """
        last = drivers.times[-1]
        kept = drivers.between(last - emulator.lookback - HOURS + 1, last)
        share = np.arange(POINTS) / POINTS
        seconds = np.rint(share * (HOURS - 1) * 3600).astype("timedelta64[s]")
        low, high = emulator.grid.height[0], emulator.grid.height[-1]
        points = Points(
            (last - HOURS + 1).astype("datetime64[s]") + seconds,
            -80.0 + 160.0 * share,
            # Steps that are no divisor of a turn, so that all local times are met.
            np.asarray(100.0 * np.arange(POINTS) % 360.0),
            low + (high - low) * share,
        )
        return cls(kept, points, *_answer(emulator, kept, points))

    def repeat(self, emulator: DensityEmulator) -> None:
        """Ask again. Raises ArtefactError when the answer is another one."""
        mean, std = _answer(emulator, self.drivers, self.points)
        difference = float(max(np.abs(mean - self.mean).max(), np.abs(std - self.std).max()))
        if not difference <= TOLERANCE:
            raise ArtefactError(
                f"the model's sample densities differ by {difference:.3g} in log10 from those "
                f"recorded when it was saved (at most {TOLERANCE:g} is allowed); train it again"
            )

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "start": str(self.drivers.start),
            "drivers": self.drivers.values.tolist(),
            "time": [str(time) for time in self.points.time],
            "latitude": self.points.latitude.tolist(),
            "longitude": self.points.longitude.tolist(),
            "height": self.points.height.tolist(),
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Undo `to_json`. Raises ArtefactError when something is missing."""
        try:
            drivers = Drivers(np.datetime64(data["start"], "h"), np.array(data["drivers"]))
            places = (np.array(data[name]) for name in ("latitude", "longitude", "height"))
            points = Points(np.array(data["time"], dtype="datetime64[s]"), *places)
            return cls(drivers, points, np.array(data["mean"]), np.array(data["std"]))
        except (KeyError, ValueError, TypeError) as error:
            raise ArtefactError(
                f"the model's sample of densities is not complete ({error}); train it again"
            ) from error


def _answer(
    emulator: DensityEmulator, drivers: Drivers, points: Points
) -> tuple[FloatArray, FloatArray]:
    last = drivers.times[-1]
    path = emulator.path(drivers, last - HOURS + 1, last)
    found = emulator.density(path, points)
    return found.mean, found.std
