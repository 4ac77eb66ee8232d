"""Density along an orbit from stored hourly fields: linear in all four directions.

Between cells log density is linear in local time (periodic), latitude (across the poles the
meridian goes on at the opposite local time), height and time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.contract import FloatArray, IntArray
from models.emulators.grid import DEGREES_PER_HOUR, Grid
from models.errors import DataError, ModelError
from pipelines.datasets.density.store import SnapshotStore


@dataclass(frozen=True)
class FieldDensity:
    """Stored fields as a density model.

    name, label  of what made the fields
    start        of the orbit, UTC
    grid         of the fields
    first        hour of the first field, UTC
    fields       hour × local time × latitude × height: log10 kg/m3
    """

    name: str
    label: str
    start: np.datetime64
    grid: Grid
    first: np.datetime64
    fields: FloatArray
    samples: int = 1

    def __post_init__(self) -> None:
        if self.fields.shape[1:] != self.grid.shape or len(self.fields) < 2:
            raise ModelError(
                f"{self.name}: expected 2 or more hours × {self.grid.shape}, got "
                f"{self.fields.shape}"
            )

    @classmethod
    def of_store(cls, store: SnapshotStore, start: np.datetime64, days: float) -> FieldDensity:
        """The fields of a folder around an orbit. Raises DataError when it lacks some hours."""
        first = start.astype("datetime64[h]")
        last = (start + np.timedelta64(round(days * 86400), "s") - 1).astype("datetime64[h]") + 1
        if not store.first <= first <= last <= store.last:
            raise DataError(
                f"{store.folder}: the orbit needs fields from {first} to {last}; there are "
                f"{store.first} to {store.last}; choose another --start, or make more"
            )
        name, label = f"fields-{store.source}", f"{store.label}, hourly fields"
        return cls(name, label, start, store.grid, first, store.read(first, last))

    @property
    def heights(self) -> tuple[float, float]:
        return self.grid.height[0], self.grid.height[-1]

    def density(
        self,
        seconds: float,
        latitude: FloatArray,
        longitude: FloatArray,
        height: FloatArray,
        sample: IntArray,  # noqa: ARG002
    ) -> FloatArray:
        hour, share = self._hour(seconds)
        table = self._padded
        east, west = self._local_time(seconds, longitude)
        south, north = self._latitude(latitude)
        level, up = self._level(height)
        beyond = (west + 1) % table.shape[1]
        found: FloatArray | float = 0.0
        for when, weight in ((hour, 1 - share), (hour + 1, share)):
            for row, part in ((south, 1 - north), (south + 1, north)):
                for at, rise in ((level, 1 - up), (level + 1, up)):
                    ends = (1 - east) * table[when, west, row, at]
                    ends += east * table[when, beyond, row, at]
                    found = found + weight * part * rise * ends
        return np.asarray(10.0**found)

    @cached_property
    def _padded(self) -> FloatArray:
        """The fields with one more row of latitude behind each pole, float64."""
        fields = self.fields.astype(np.float64)
        if abs(self.grid.latitude[0]) == 90.0:
            return fields
        behind = fields[:, :, [0, -1]]
        count = len(self.grid.local_time)
        turned = np.roll(behind, count // 2, axis=1)
        if count % 2:
            turned = (turned + np.roll(behind, count // 2 + 1, axis=1)) / 2
        return np.concatenate([turned[:, :, :1], fields, turned[:, :, 1:]], axis=2)

    @cached_property
    def _rows(self) -> FloatArray:
        """Latitudes of the padded fields."""
        latitude = np.asarray(self.grid.latitude)
        if abs(latitude[0]) == 90.0:
            return latitude
        return np.concatenate([[-180.0 - latitude[0]], latitude, [180.0 - latitude[-1]]])

    def _hour(self, seconds: float) -> tuple[int, float]:
        """Index of the field before a moment, and the share of the one after."""
        late = float((self.start - self.first) / np.timedelta64(1, "s"))
        hours = (late + seconds) / 3600.0
        if not 0 <= hours <= len(self.fields) - 1 + 1e-9:
            raise ModelError(
                f"{self.name}: no field {hours:.2f} h after {self.first}; expected 0 to "
                f"{len(self.fields) - 1} h: start or end outside the hours of the model"
            )
        index = min(int(hours), len(self.fields) - 2)
        return index, hours - index

    def _local_time(self, seconds: float, longitude: FloatArray) -> tuple[FloatArray, IntArray]:
        """Share of the meridian to the east, index of that to the west."""
        midnight = self.start.astype("datetime64[D]")
        hour = float((self.start - midnight) / np.timedelta64(1, "h")) + seconds / 3600.0
        count = len(self.grid.local_time)
        place = ((hour + longitude / DEGREES_PER_HOUR) % 24.0) * (count / 24.0)
        west = np.floor(place)
        return np.asarray(place - west), west.astype(np.int64) % count

    def _latitude(self, latitude: FloatArray) -> tuple[IntArray, FloatArray]:
        return _between(self._rows, latitude)

    def _level(self, height: FloatArray) -> tuple[IntArray, FloatArray]:
        return _between(np.asarray(self.grid.height), height)


def _between(axis: FloatArray, values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Index of the step of a rising axis that a value lies in, and how far into it."""
    index = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, len(axis) - 2)
    return index, np.asarray((values - axis[index]) / (axis[index + 1] - axis[index]))
