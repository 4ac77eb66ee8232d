"""TIE-GCM secondary histories: what is in the files, checked, and one hour's columns.

Variables read: DEN on (time, lev or ilev, lat, lon); ZG, or else Z, on either; lev, ilev,
lat, lon; mtime (day, hour, minute[, second]) with year, or time with its units. Layout: TIE-GCM 2.0
documentation, "NetCDF history output files".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.emulators.grid import FloatArray
from models.errors import DataError
from pipelines.datasets.density.sources import HourArray
from pipelines.datasets.density.units import Named

_LEVELS = ("lev", "ilev")
#: Heights in the order of preference.
HEIGHTS = ("ZG", "Z")
#: What TIE-GCM writes where it has no value is 1e36.
_FILL = 1e30
_SINCE = re.compile(r"^(minutes|hours|days|seconds) since (\d+)-(\d+)-(\d+)(?:[ T]([\d:.]+).*)?$")


@dataclass(frozen=True)
class HistoryFile:
    """What one file holds.

    hours      of its fields, datetime64[h]
    latitude, longitude  degrees, rising
    level      of DEN, in scale heights
    model      what the file says made it
    """

    path: Path
    hours: HourArray
    latitude: tuple[float, ...]
    longitude: tuple[float, ...]
    level: tuple[float, ...]
    model: str


@dataclass(frozen=True)
class Columns:
    """One hour as the file has it: latitude × longitude × level; NaN where there is no value.

    height_level  the levels that heights are on: those of density, or half a step away
    geopotential  whether the file calls its heights geopotential
    """

    density: FloatArray
    height: FloatArray
    level: FloatArray
    height_level: FloatArray
    density_from: Named
    height_from: Named
    geopotential: bool


def read_history(path: Path) -> HistoryFile:
    """Raises DataError when the file is damaged, or something needed is not in it."""
    with opened(path) as data:
        density = variable(data, path, ("DEN",))
        variable(data, path, HEIGHTS)
        axes = _axes(density, path)
        latitude, longitude = (_axis(data, path, name) for name in ("lat", "lon"))
        _check_longitude(longitude, path)
        hours = _hours(data, path)
        if density.shape[0] != len(hours):
            raise DataError(f"{path}: DEN has {density.shape[0]} times, mtime {len(hours)}")
        level = _axis(data, path, axes[1])
        names = ("tiegcm_version", "model_version", "version")
        version = next((str(getattr(data, n)) for n in names if hasattr(data, n)), "")
        return HistoryFile(path, hours, latitude, longitude, level, version.strip())


def read_columns(path: Path, row: int) -> Columns:
    """The columns of one time of a file."""
    with opened(path) as data:
        density, height = variable(data, path, ("DEN",)), variable(data, path, HEIGHTS)
        long_name = str(getattr(height, "long_name", "")).lower()
        return Columns(
            _field(density, path, row),
            _field(height, path, row),
            np.asarray(_axis(data, path, _axes(density, path)[1])),
            np.asarray(_axis(data, path, _axes(height, path)[1])),
            Named(str(path), "DEN", str(getattr(density, "units", ""))),
            Named(str(path), str(height.name), str(getattr(height, "units", ""))),
            "geopotential" in long_name,
        )


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An open NetCDF file; whatever goes wrong in reading is a DataError of one line."""
    import netCDF4

    try:
        with netCDF4.Dataset(str(path), "r") as data:
            yield data
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, RuntimeError, IndexError) as error:
        raise DataError(
            f"{path}: not a NetCDF file, or damaged ({' '.join(str(error).split())}); copy it "
            "again, or leave it out"
        ) from error


def variable(data: Any, path: Path, names: tuple[str, ...]) -> Any:
    """The first of these that the file has. Raises DataError when it has none."""
    for name in names:
        if name in data.variables:
            return data.variables[name]
    there = ", ".join(sorted(data.variables)) or "nothing"
    raise DataError(
        f"{path}: expected {' or '.join(names)}, there is {there}; write secondary histories "
        "with DEN and ZG (SECFLDS)"
    )


def _axes(found: Any, path: Path) -> tuple[str, ...]:
    axes = tuple(found.dimensions)
    expected = [("time", level, "lat", "lon") for level in _LEVELS]
    if axes not in expected:
        raise DataError(
            f"{path}: {found.name} is on ({', '.join(axes)}); expected (time, lev or ilev, lat, "
            "lon)"
        )
    return axes


def _axis(data: Any, path: Path, name: str) -> tuple[float, ...]:
    values = np.ma.filled(variable(data, path, (name,))[:].astype(np.float64), np.nan)
    if len(values) < 2 or not (np.diff(values) > 0).all():
        raise DataError(f"{path}: {name}: expected 2 or more rising values, got {values}")
    return tuple(values.tolist())


def _check_longitude(longitude: tuple[float, ...], path: Path) -> None:
    step = np.diff(longitude)
    if not np.allclose(step, 360.0 / len(longitude), atol=1e-3):
        raise DataError(
            f"{path}: lon: expected even steps once around the globe (-180 to 175 by 5), got "
            f"{longitude[0]:g} to {longitude[-1]:g} in {len(longitude)} values"
        )


def _field(found: Any, path: Path, row: int) -> FloatArray:
    """Latitude × longitude × level, NaN for fill values of any kind."""
    values = np.ma.filled(found[row].astype(np.float64), np.nan)
    values = np.where(np.abs(values) < _FILL, values, np.nan)
    if not np.isfinite(values).any():
        raise DataError(f"{path}: {found.name}: no value but fill values at time {row}")
    return np.moveaxis(values, 0, -1)


def _hours(data: Any, path: Path) -> HourArray:
    """Whole hours of the fields. Raises DataError for other times."""
    if "mtime" in data.variables and "year" in data.variables:
        times = _model_times(data)
    else:
        times = _stated_times(data, path)
    if not len(times):
        raise DataError(f"{path}: no time in it; leave it out")
    hours = times.astype("datetime64[h]")
    if (hours != times).any():
        wrong = times[int(np.argmax(hours != times))]
        raise DataError(f"{path}: a field at {wrong}; expected whole hours (SECHIST = 0,1,0)")
    return hours


def _model_times(data: Any) -> HourArray:
    mtime = np.asarray(data.variables["mtime"][:]).astype(np.int64)
    year = np.asarray(data.variables["year"][:]).astype(np.int64).ravel()
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[s]")
    seconds = 86400 * (mtime[:, 0] - 1) + 3600 * mtime[:, 1] + 60 * mtime[:, 2]
    seconds += mtime[:, 3] if mtime.shape[1] > 3 else 0
    return np.asarray(start + seconds.astype("timedelta64[s]"))


def _stated_times(data: Any, path: Path) -> HourArray:
    found = variable(data, path, ("time",))
    units = str(getattr(found, "units", ""))
    match = _SINCE.match(units.strip())
    if match is None:
        raise DataError(
            f"{path}: time: expected mtime with year, or units such as 'minutes since "
            f"2003-1-1 0:0:0'; got units {units!r}"
        )
    year, month, day = (int(match[k]) for k in (2, 3, 4))
    start = np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "s")
    clock = [float(part) for part in (match[5] or "0").split(":")]
    offset = sum(part * 60.0 ** (2 - place) for place, part in enumerate(clock[:3]))
    length = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}[match[1]]
    values = np.asarray(found[:]).astype(np.float64)
    seconds = np.rint(values * length + offset).astype("timedelta64[s]")
    return np.asarray(start + seconds)
