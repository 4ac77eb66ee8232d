"""Yearly files `{year}_TIEGCM_Density.h5` as a source of density fields.

Keys, as the authors of TIE-GCM ROPE keep them: `den`, `UTC` (hour of day), `doy` (day of
year), `F107`, `Kp`, the last four by hour. `den` is hour × local time × latitude × height,
or the other way round as MATLAB writes it, or any order that its lengths tell; in kg/m3, or
its log10 (then every value is negative). The grid is not in the file: it has to be given.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from models.emulators.drivers import Drivers
from models.emulators.grid import FloatArray, Grid
from models.errors import DataError
from pipelines.datasets.density.sources import HOUR, HourArray, driver_variables, file_marks
from pipelines.datasets.density.units import Named, check_density

KEYS = ("den", "UTC", "doy", "F107", "Kp")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_LIMITS = {"UTC": (0.0, 24.0), "doy": (1.0, 367.0), "F107": (40.0, 1000.0), "Kp": (0.0, 9.0)}


@dataclass(frozen=True)
class YearlyFile:
    """One file: its hours, the order of the axes of `den`, and its own drivers by hour."""

    path: Path
    hours: HourArray
    order: tuple[int, ...]
    f107: FloatArray
    kp: FloatArray


@dataclass(frozen=True)
class YearlySource:
    """Fields from yearly HDF5 files; `drivers` of the same hours are kept when given."""

    grid: Grid
    files: tuple[YearlyFile, ...]
    drivers: Drivers | None = None
    name: str = field(default="tiegcm_hdf5", init=False)
    label: str = field(default="TIE-GCM (yearly HDF5)", init=False)

    @classmethod
    def open(cls, paths: Sequence[Path], grid: Grid, drivers: Drivers | None = None) -> Self:
        """Raises DataError for a file that cannot be used, or hours that do not follow."""
        files = sorted((read_yearly(path, grid) for path in paths), key=lambda f: f.hours[0])
        for before, after in itertools.pairwise(files):
            if after.hours[0] != before.hours[-1] + HOUR:
                raise DataError(
                    f"{after.path}: begins at {after.hours[0]}, the file before it ends at "
                    f"{before.hours[-1]}; expected files of consecutive hours: give the years in "
                    "between, or convert each side by itself"
                )
        return cls(grid, tuple(files), drivers)

    @property
    def hours(self) -> HourArray:
        """The hours that the files hold."""
        return np.concatenate([file.hours for file in self.files])

    def settings(self) -> Mapping[str, Any]:
        return {}

    def variables(self, hours: HourArray) -> Mapping[str, FloatArray]:
        known = {} if self.drivers is None else driver_variables(self.drivers, hours)
        return {**known, **self._own(hours)}

    def origin(self, hours: HourArray) -> str:
        return file_marks(file.path for file in self._holding(hours))

    def needed(self, hours: HourArray) -> HourArray:
        return hours

    def narrowed(self, hours: HourArray) -> Self:
        return replace(self, files=tuple(self._holding(hours)), drivers=None)

    def compute(self, hours: HourArray) -> FloatArray:
        parts = [self._read(file, hours) for file in self._holding(hours)]
        return np.concatenate(parts).astype(np.float32)

    def finish(self, hours: HourArray, computed: FloatArray) -> FloatArray:  # noqa: ARG002
        return computed

    def _own(self, hours: HourArray) -> dict[str, FloatArray]:
        """F10.7 and Kp as the files have them."""
        held = [(file, _rows(file, hours)) for file in self._holding(hours)]
        return {
            "file_f107": np.concatenate([file.f107[rows] for file, rows in held]),
            "file_kp": np.concatenate([file.kp[rows] for file, rows in held]),
        }

    def _holding(self, hours: HourArray) -> list[YearlyFile]:
        return [f for f in self.files if f.hours[0] <= hours[-1] and f.hours[-1] >= hours[0]]

    def _read(self, file: YearlyFile, hours: HourArray) -> FloatArray:
        rows = _rows(file, hours)
        where = tuple(rows if axis == file.order[0] else slice(None) for axis in range(4))
        with _opened(file.path) as data:
            values = np.asarray(data["den"][where], dtype=np.float64)
        return _log_density(np.transpose(values, file.order), file, rows, self.grid)


def read_yearly(path: Path, grid: Grid) -> YearlyFile:
    """Keys, hours and axes of a file. Raises DataError."""
    with _opened(path) as data:
        missing = [key for key in KEYS if key not in data]
        if missing:
            raise DataError(
                f"{path}: expected keys {', '.join(KEYS)}; {', '.join(missing)} missing, there is "
                f"{', '.join(sorted(data)) or 'nothing'}"
            )
        columns = {key: _column(data, key, path) for key in KEYS[1:]}
        shape = tuple(data["den"].shape)
    hours = _hours(columns["doy"], columns["UTC"], path)
    return YearlyFile(
        path, hours, _order(shape, len(hours), grid, path), columns["F107"], columns["Kp"]
    )


def _column(data: Any, key: str, path: Path) -> FloatArray:
    values = np.asarray(data[key][()], dtype=np.float64).ravel()
    least, most = _LIMITS[key]
    wrong = ~((values >= least) & (values <= most))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{path}: {key}[{row}] is {values[row]:g}; expected {least:g} to {most:g}")
    return values


def _hours(doy: FloatArray, utc: FloatArray, path: Path) -> HourArray:
    """Consecutive whole hours from day of year, hour of day and the year in the name."""
    year = _YEAR.search(path.name)
    if year is None:
        raise DataError(f"{path}: expected the year in the name, as in 2003_TIEGCM_Density.h5")
    if len(doy) != len(utc) or not len(doy):
        raise DataError(f"{path}: UTC has {len(utc)} hours, doy {len(doy)}; expected as many")
    start = np.datetime64(f"{year[1]}-01-01", "h")
    since = 24.0 * (np.floor(doy) - 1) + utc
    if not np.allclose(since, np.rint(since), atol=1e-3):
        row = int(np.argmax(np.abs(since - np.rint(since))))
        raise DataError(f"{path}: UTC[{row}] is {utc[row]:g}; expected whole hours")
    hours = start + np.rint(since).astype(int)
    wrong = np.flatnonzero(np.diff(hours) != HOUR)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{path}: after {hours[row]} comes {hours[row + 1]} (UTC and doy, row {row + 1}); "
            "expected every hour"
        )
    return np.asarray(hours)


def _order(shape: tuple[int, ...], hours: int, grid: Grid, path: Path) -> tuple[int, ...]:
    """Which axis of `den` is hour, local time, latitude, height.

    The documented order where it fits, else its reverse, else the only one that fits.
    """
    wanted = (hours, *grid.shape)
    fitting = [
        order
        for order in itertools.permutations(range(4))
        if len(shape) == 4 and tuple(shape[axis] for axis in order) == wanted
    ]
    for usual in ((0, 1, 2, 3), (3, 2, 1, 0)):
        if usual in fitting:
            return usual
    if len(fitting) == 1:
        return fitting[0]
    problem = "more than one order of axes fits" if fitting else "no order of axes fits"
    raise DataError(
        f"{path}: den is {' × '.join(map(str, shape))}: {problem} {hours} hours × "
        f"{' × '.join(map(str, grid.shape))} (local time × latitude × height); set "
        "grid.local_times, grid.latitudes and grid.heights to those of the file"
    )


def _rows(file: YearlyFile, hours: HourArray) -> slice:
    first, last = max(hours[0], file.hours[0]), min(hours[-1], file.hours[-1])
    return slice(int((first - file.hours[0]) // HOUR), int((last - file.hours[0]) // HOUR) + 1)


def _log_density(values: FloatArray, file: YearlyFile, rows: slice, grid: Grid) -> FloatArray:
    """log10 of kg/m3 from either. Raises DataError for values that are neither."""
    usable = np.isfinite(values) & (np.abs(values) < 1e30)
    logarithmic = bool((values[usable] < 0).all())
    usable &= (values < 0) if logarithmic else (values > 0)
    if not usable.all():
        hour, *cell = (int(i) for i in np.argwhere(~usable)[0])
        raise DataError(
            f"{file.path}: den at {file.hours[rows][hour]}, cell {cell} is "
            f"{values[(hour, *cell)]:g}; expected a density above 0, or log10 of one, everywhere"
        )
    log_density = values if logarithmic else np.log10(values)
    unit = "log10 of kg/m3" if logarithmic else "kg/m3"
    check_density(log_density, np.asarray(grid.height), Named(str(file.path), "den", unit))
    return np.asarray(log_density)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """An open HDF5 file; whatever goes wrong in reading is a DataError of one line."""
    import h5py

    try:
        with h5py.File(path, "r") as data:
            yield data
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, RuntimeError, TypeError, ValueError, KeyError) as error:
        raise DataError(
            f"{path}: not an HDF5 file, or damaged ({' '.join(str(error).split())}); copy it "
            "again, or leave it out"
        ) from error
