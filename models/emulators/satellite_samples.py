"""Densities at points of satellites' orbits, beside what the emulator says there.

Choose `SatelliteSamples` for whatever corrects, assimilates or scores with measured
densities: one row per point, in rising order of time. Reading files and interpolating the
emulator to the points are done elsewhere; here are only arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.errors import ModelError

#: What a row knows of space weather, all of it published by the row's time.
WEATHER: tuple[str, ...] = ("f107_previous", "f107_trailing", "ap_3")


@dataclass(frozen=True)
class SatelliteSamples:
    """Points, the emulator's answer there, and what was measured.

    time             row: datetime64[s], UTC, not falling
    satellite        row: name; "" where the point belongs to no satellite
    local_time       row: hours of local solar time
    latitude         row: degrees north
    height           row: km
    weather          row × WEATHER, from `weather_at`
    basis            row × component: log10 density per standard deviation of a component
    background_mean  row: the emulator's mean of log10 density (kg/m3)
    background_std   row: its standard deviation
    log_density      row: log10 of the measured density (kg/m3), NaN where none is known
    """

    time: npt.NDArray[np.datetime64]
    satellite: npt.NDArray[np.str_]
    local_time: FloatArray
    latitude: FloatArray
    height: FloatArray
    weather: FloatArray
    basis: FloatArray
    background_mean: FloatArray
    background_std: FloatArray
    log_density: FloatArray

    def __post_init__(self) -> None:
        rows = len(self.time)
        for column in fields(self):
            value = getattr(self, column.name)
            if len(value) != rows:
                raise ModelError(
                    f"SatelliteSamples.{column.name}: expected {rows} rows, as time has, "
                    f"got {len(value)}"
                )
            if column.name not in ("time", "satellite", "log_density"):
                _require_finite(column.name, value)
        if self.weather.shape != (rows, len(WEATHER)) or self.basis.ndim != 2:
            raise ModelError(
                f"SatelliteSamples: expected weather {(rows, len(WEATHER))} and basis "
                f"row × component, got {self.weather.shape} and {self.basis.shape}"
            )
        if np.isnat(self.time).any() or (np.diff(self.seconds) < 0).any():
            raise ModelError("SatelliteSamples.time: expected times in rising order; sort the rows")

    def __len__(self) -> int:
        return len(self.time)

    @property
    def seconds(self) -> FloatArray:
        """Seconds since 1970, row."""
        return np.asarray(self.time.astype("datetime64[s]").astype(np.float64))

    @property
    def days(self) -> FloatArray:
        """Days since 1970, row."""
        return np.asarray(self.seconds / 86400.0)

    @property
    def innovation(self) -> FloatArray:
        """Measured minus background log10 density, row; NaN where nothing was measured."""
        return np.asarray(self.log_density - self.background_mean)

    def select(self, rows: npt.NDArray[Any] | slice) -> SatelliteSamples:
        """The rows picked by a mask, an index array or a slice."""
        return replace(self, **{c.name: getattr(self, c.name)[rows] for c in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[SatelliteSamples]) -> SatelliteSamples:
        """All rows of several, in order of time; rows of one time keep the parts' order."""
        columns = {
            c.name: np.concatenate([getattr(part, c.name) for part in parts]) for c in fields(cls)
        }
        order = np.argsort(columns["time"], kind="stable")
        return cls(**{name: value[order] for name, value in columns.items()})

    def thinned(self, seconds: float) -> SatelliteSamples:
        """The first row of each satellite in every window of so many seconds.

        Errors of neighbouring points of one pass are alike, and the filter takes them for
        independent; a quarter of an orbit (1,400 s) apart they are.
        """
        window = np.floor(self.seconds / seconds).astype(np.int64)
        keys = np.array([f"{w} {name}" for w, name in zip(window, self.satellite, strict=True)])
        _, first = np.unique(keys, return_index=True)
        return self.select(np.sort(first))


def weather_at(drivers: Drivers, time: npt.NDArray[np.datetime64]) -> FloatArray:
    """What is published of space weather by each time, row × WEATHER.

    F10.7 and its mean end with the day before, and ap with the 3 hours before, so that no
    forecast looks ahead. Raises ModelError for a time outside the drivers.
    """
    hour = (time.astype("datetime64[h]") - drivers.times[0]).astype(np.int64)
    if len(hour) and (hour.min() < 24 or hour.max() >= len(drivers)):
        raise ModelError(
            f"samples from {time.min()} to {time.max()} need space weather from the day before "
            f"to the end; there is {drivers.times[0]} to {drivers.times[-1]}"
        )
    return np.stack(
        [
            drivers.column("f107_previous")[hour],
            drivers.column("f107_trailing")[hour - 24],
            drivers.column("ap_3")[hour],
        ],
        axis=1,
    )


def _require_finite(name: str, value: FloatArray) -> None:
    if not np.isfinite(value).all():
        row = int(np.argwhere(~np.isfinite(value))[0][0])
        raise ModelError(f"SatelliteSamples.{name}: expected finite numbers, row {row} has none")
