"""Writers of small files in the layouts of TIE-GCM's histories and of the yearly HDF5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.emulators.grid import FloatArray, Grid
from pipelines.datasets.density.sources import HourArray, hours_between

#: On 15-degree meridians and on latitudes of the grid, so that nothing is interpolated there.
GRID = Grid((0.0, 6.0, 12.0, 18.0), (-60.0, -20.0, 20.0, 60.0), (110.0, 250.0, 400.0))
FIRST = np.datetime64("2003-12-31T22", "h")


def log_density(
    hours: HourArray, local_time: FloatArray, latitude: FloatArray, height: FloatArray
) -> FloatArray:
    """log10 kg/m3: linear in height and latitude, a wave in local time, a step every hour of a day.

    The arguments are broadcast against each other.
    """
    since = (hours - FIRST).astype(float) % 24
    bulge = 0.2 * np.cos(2 * np.pi * (local_time - 14) / 24) * height / 400.0
    return np.asarray(-6.9 - 0.0155 * (height - 90.0) + bulge + 0.002 * latitude + 0.01 * since)


def on_grid(hours: HourArray, grid: Grid = GRID) -> FloatArray:
    """The fields that a file of `log_density` becomes."""
    t, y, z = (np.asarray(axis) for axis in (grid.local_time, grid.latitude, grid.height))
    return log_density(hours[:, None, None, None], t[:, None, None], y[:, None], z)


@dataclass(frozen=True)
class History:
    """A secondary history: what is to be written, and how."""

    hours: HourArray = field(default_factory=lambda: hours_between(FIRST, FIRST + 3))
    latitude: FloatArray = field(default_factory=lambda: np.arange(-90.0, 91.0, 20.0))
    longitude: FloatArray = field(default_factory=lambda: np.arange(-180.0, 180.0, 15.0))
    levels: int = 15
    density_on: str = "ilev"
    heights: tuple[str, ...] = ("ZG",)
    height_on: str = "ilev"
    height_name: str = "geometric height"
    units: Mapping[str, str | None] = field(
        default_factory=lambda: {"DEN": "g/cm3", "ZG": "cm", "Z": "cm"}
    )
    factors: Mapping[str, float] = field(default_factory=dict)
    clock: str = "mtime"
    top_missing: bool = False
    kind: str = "f8"
    leave_out: tuple[str, ...] = ()
    format: str = "NETCDF4"

    def but(self, **changes: Any) -> History:
        return replace(self, **changes)


def heights_of(history: History, on: str) -> FloatArray:
    """Height in km of each column, hour × level × latitude × longitude; not the same in any two."""
    level = np.arange(history.levels) + (0.5 if on == "lev" else 0.0)
    column = (
        0.3 * np.cos(np.radians(history.latitude))[:, None] * np.sin(np.radians(history.longitude))
    )
    since = 0.1 * np.arange(len(history.hours))
    base = 97.0 + 27.0 * level
    return base[None, :, None, None] + column + since[:, None, None, None]


def write_history(path: Path, history: History) -> Path:
    """Write the file; returns its path."""
    import netCDF4

    with netCDF4.Dataset(str(path), "w", format=history.format) as data:
        _axes(data, history)
        _times(data, history)
        height = heights_of(history, history.density_on)
        hour_of_day = (history.hours - history.hours.astype("datetime64[D]")).astype(float)
        local_time = hour_of_day[:, None, None, None] + history.longitude / 15.0
        values = log_density(
            history.hours[:, None, None, None], local_time, history.latitude[:, None], height
        )
        _put(data, history, "DEN", history.density_on, 10.0**values * 1e-3)
        for name in history.heights:
            _put(
                data, history, name, history.height_on, heights_of(history, history.height_on) * 1e5
            )
    return path


def _axes(data: Any, history: History) -> None:
    level = -7.0 + 0.5 * np.arange(history.levels)
    axes = {"lev": level + 0.25, "ilev": level, "lat": history.latitude, "lon": history.longitude}
    data.createDimension("time", None)
    for name, values in axes.items():
        data.createDimension(name, len(values))
        data.createVariable(name, "f8", (name,))[:] = values
    data.model_version = "2.0"


def _times(data: Any, history: History) -> None:
    hours = history.hours
    year = hours.astype("datetime64[Y]")
    day = (hours.astype("datetime64[D]") - year.astype("datetime64[D]")).astype(int) + 1
    data.createDimension("mtimedim", 3)
    time = data.createVariable("time", "f8", ("time",))
    time.units = f"minutes since {FIRST.astype('datetime64[D]')} 0:0:0"
    minutes = (hours.astype("datetime64[m]") - FIRST.astype("datetime64[D]")).astype(float)
    time[:] = minutes
    if history.clock == "mtime":
        mtime = data.createVariable("mtime", "i4", ("time", "mtimedim"))
        of_day = minutes.astype(int) % 1440
        mtime[:] = np.stack([day, of_day // 60, of_day % 60], axis=1)
        data.createVariable("year", "i4", ("time",))[:] = year.astype(int) + 1970


def _put(data: Any, history: History, name: str, on: str, values: FloatArray) -> None:
    if name in history.leave_out:
        return
    found = data.createVariable(name, history.kind, ("time", on, "lat", "lon"))
    unit = history.units.get(name)
    if unit is not None:
        found.units = unit
    found.long_name = "TOTAL DENSITY" if name == "DEN" else history.height_name
    values = values * history.factors.get(name, 1.0)
    if history.top_missing:
        values[:, -1] = 1e36
        found.missing_value = 1e36
    found[:] = values


def write_yearly(path: Path, den: FloatArray, hours: HourArray, **changes: Any) -> Path:
    """A yearly HDF5 file; `changes` replace or, when None, leave out its keys."""
    import h5py

    day = hours.astype("datetime64[D]")
    keys = {
        "den": den,
        "UTC": (hours - day).astype(float),
        "doy": (day - hours.astype("datetime64[Y]").astype("datetime64[D]")).astype(float) + 1,
        "F107": 120.0 + np.arange(len(hours)),
        "Kp": np.arange(len(hours)) % 28 / 3.0,
        **changes,
    }
    with h5py.File(path, "w") as data:
        for key, values in keys.items():
            if values is not None:
                data[key] = values
    return path
