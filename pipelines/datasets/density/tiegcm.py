"""TIE-GCM's own output as a source of density fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from models.emulators.drivers import Drivers
from models.emulators.grid import FloatArray, Grid
from models.errors import DataError
from pipelines.datasets.density.regrid import OutOfReach, Reach, to_grid
from pipelines.datasets.density.sources import HOUR, HourArray, driver_variables, file_marks
from pipelines.datasets.density.tiegcm_files import (
    Columns,
    HistoryFile,
    read_columns,
    read_history,
)
from pipelines.datasets.density.units import check_density, density_in_si, height_in_km

#: What heights called Z are: "stated" believes the file's long name.
HeightKind = Literal["stated", "geometric", "geopotential"]
#: Gravity that TIE-GCM makes geopotential heights with, cm/s2.
_MODEL_GRAVITY = 870.0


@dataclass(frozen=True)
class TiegcmConfig:
    """How files of TIE-GCM are read.

    reach  how far columns may be continued
    z      what Z is: geometric or geopotential height, or what its long name says
    """

    reach: Reach = field(default_factory=Reach)
    z: HeightKind = "stated"


@dataclass(frozen=True)
class TiegcmSource:
    """Fields from secondary histories.

    where    hour -> file and row, in order of time
    drivers  of the same hours, kept beside the fields when there are some
    """

    grid: Grid
    config: TiegcmConfig
    model: str
    where: Mapping[np.datetime64, tuple[HistoryFile, int]]
    drivers: Drivers | None = None

    @classmethod
    def open(
        cls,
        paths: Sequence[Path],
        grid: Grid,
        config: TiegcmConfig | None = None,
        drivers: Drivers | None = None,
    ) -> TiegcmSource:
        """Put files in order; hours that two files have are taken from the earlier file.

        Raises DataError for a file that cannot be used, unequal grids, or a gap.
        """
        files = sorted((read_history(path) for path in paths), key=lambda f: f.hours[0])
        _refuse_unequal(files)
        where: dict[np.datetime64, tuple[HistoryFile, int]] = {}
        for file in files:
            for row, hour in enumerate(file.hours):
                where.setdefault(hour, (file, row))
        _refuse_gap(where)
        return cls(grid, config or TiegcmConfig(), files[0].model, where, drivers)

    @property
    def name(self) -> str:
        return "tiegcm"

    @property
    def label(self) -> str:
        return f"TIE-GCM {self.model}".strip()

    @property
    def hours(self) -> HourArray:
        """The hours that the files hold."""
        return np.asarray(list(self.where))

    def settings(self) -> Mapping[str, Any]:
        return asdict(self.config)

    def variables(self, hours: HourArray) -> Mapping[str, FloatArray]:
        return {} if self.drivers is None else driver_variables(self.drivers, hours)

    def origin(self, hours: HourArray) -> str:
        return file_marks(self.where[hour][0].path for hour in hours)

    def needed(self, hours: HourArray) -> HourArray:
        return hours

    def narrowed(self, hours: HourArray) -> Self:
        where = {hour: self.where[hour] for hour in hours}
        return type(self)(self.grid, self.config, self.model, where)

    def compute(self, hours: HourArray) -> FloatArray:
        return np.stack([self._field(hour) for hour in hours]).astype(np.float32)

    def finish(self, hours: HourArray, computed: FloatArray) -> FloatArray:  # noqa: ARG002
        return computed

    def _field(self, hour: np.datetime64) -> FloatArray:
        file, row = self.where[hour]
        columns = read_columns(file.path, row)
        latitude, longitude = np.asarray(file.latitude), np.asarray(file.longitude)
        log_density, height = usable_levels(columns, latitude, self.config, str(hour))
        of_day = float((hour - hour.astype("datetime64[D]")) / HOUR)
        try:
            return to_grid(
                log_density, height, longitude, latitude, of_day, self.grid, self.config.reach
            )
        except OutOfReach as error:
            place = (
                f"latitude {latitude[error.column[0]]:g}, longitude {longitude[error.column[1]]:g}"
            )
            raise DataError(
                f"{file.path}: at {hour}, {place}: the grid wants {error.height:g} km, the levels "
                f"go from {error.low:.1f} to {error.high:.1f} km and are continued by at most "
                f"{self.config.reach.below:g} km below and {self.config.reach.above:g} km above; "
                "set grid.highest (grid.lowest) to what the files hold"
            ) from error


def usable_levels(
    columns: Columns, latitude: FloatArray, config: TiegcmConfig, hour: str
) -> tuple[FloatArray, FloatArray]:
    """log10 density in kg/m3 and geometric height in km, latitude × longitude × level.

    Levels without any value (the top one of many files) are left out. Raises DataError for
    single values that are missing and for units that cannot be.
    """
    height = height_in_km(columns.height, columns.height_from)
    geopotential = columns.geopotential if config.z == "stated" else config.z == "geopotential"
    if geopotential and columns.height_from.name == "Z":
        height = geometric_height(height, latitude)
    density, height = _on_common_levels(columns, height)
    missing = ~(np.isfinite(density) & np.isfinite(height) & (density > 0))
    some = ~missing.all(axis=(0, 1))
    density, height, missing = density[..., some], height[..., some], missing[..., some]
    where, file = columns.density_from, columns.density_from.file
    if missing.any() or density.shape[-1] < 2:
        number = int(missing.sum())
        raise DataError(
            f"{file}: DEN or {columns.height_from.name} at {hour}: {number} values missing or not "
            f"above 0 in levels that have others ({int(some.sum())} levels have any); expected "
            "whole levels, at least 2"
        )
    if (np.diff(height, axis=-1) <= 0).any():
        raise DataError(
            f"{file}: {columns.height_from.name} at {hour}: expected heights that rise with level"
        )
    log_density = np.log10(density_in_si(density, where))
    check_density(log_density, height, where)
    return log_density, height


def geometric_height(geopotential: FloatArray, latitude: FloatArray) -> FloatArray:
    """Height with gravity that falls with height, from that with TIE-GCM's constant gravity.

    latitude × longitude × level, km; degrees. Gravity by latitude and height is the one of
    TIE-GCM's own ZG (Lambert's, in the Smithsonian Meteorological Tables, 6th edition), stepped
    from the lowest level up with gravity in the middle of each step.
    """
    double = np.cos(2 * np.radians(latitude))[:, None]
    surface = 980.616 * (1 - 0.0026373 * double)
    radius = 2 * surface / (3.085462e-6 + 2.27e-9 * double) * 1e-5
    height = np.array(geopotential)
    for level in range(1, height.shape[-1]):
        step = geopotential[..., level] - geopotential[..., level - 1]
        middle = height[..., level - 1] + 0.5 * step
        gravity = surface * (radius / (radius + middle)) ** 2
        height[..., level] = height[..., level - 1] + step * _MODEL_GRAVITY / gravity
    return height


def _on_common_levels(columns: Columns, height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Density and height on the levels of density; heights are linear in between their own.

    Midpoints (lev) lie half a step above interfaces (ilev): those outside are left out.
    """
    own, level = columns.height_level, columns.level
    if own.shape == level.shape and np.allclose(own, level):
        return columns.density, height
    inside = (level >= own[0]) & (level <= own[-1])
    level = level[inside]
    below = np.clip(np.searchsorted(own, level, side="right") - 1, 0, len(own) - 2)
    share = (level - own[below]) / (own[below + 1] - own[below])
    between = (1 - share) * height[..., below] + share * height[..., below + 1]
    return columns.density[..., inside], between


def _refuse_unequal(files: Sequence[HistoryFile]) -> None:
    first = files[0]
    for file in files[1:]:
        for axis in ("latitude", "longitude", "level"):
            mine, other = getattr(first, axis), getattr(file, axis)
            if len(mine) != len(other) or not np.allclose(mine, other):
                raise DataError(
                    f"{file.path}: {axis} ({len(other)} values from {other[0]:g} to {other[-1]:g}) "
                    f"differs from that of {first.path} ({len(mine)} from {mine[0]:g} to "
                    f"{mine[-1]:g}); convert files of one resolution at a time"
                )


def _refuse_gap(where: Mapping[np.datetime64, tuple[HistoryFile, int]]) -> None:
    hours = np.asarray(list(where))
    wrong = np.flatnonzero(np.diff(hours) != HOUR)
    if len(wrong):
        before, after = hours[wrong[0]], hours[wrong[0] + 1]
        raise DataError(
            f"{where[before][0].path}: after {before} comes {after}; expected every hour "
            "(SECHIST = 0,1,0): give the files in between, or convert each side by itself"
        )
