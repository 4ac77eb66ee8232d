"""What a source of density fields must do, whatever makes the fields.

To add a source: one file with a class like this; a name in `named.py`, if it computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.grid import FloatArray, Grid
from models.errors import DataError

HourArray = npt.NDArray[np.datetime64]
HOUR = np.timedelta64(1, "h")


class SnapshotSource(Protocol):
    """Hourly fields of log10 density, made piece by piece in any process.

    name   for settings and file names, such as "msis21"
    label  for people, such as "NRLMSIS 2.1"; says what the numbers are
    grid   of the fields
    """

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def grid(self) -> Grid: ...

    def settings(self) -> Mapping[str, Any]:
        """Everything besides grid and hourly variables that the fields depend on, JSON-able."""
        ...

    def variables(self, hours: HourArray) -> Mapping[str, FloatArray]:
        """What is kept beside the fields, by hour: the drivers, if there are any."""
        ...

    def origin(self, hours: HourArray) -> str:
        """What else the fields of these hours were made from: a mark that changes with it."""
        ...

    def needed(self, hours: HourArray) -> HourArray:
        """The consecutive hours of `compute` that `finish` wants to make these."""
        ...

    def narrowed(self, hours: HourArray) -> Self:
        """The same source with no more than `compute(hours)` reads: small, to be sent away."""
        ...

    def compute(self, hours: HourArray) -> FloatArray:
        """Fields that depend on nothing but their hour, in any process.

        Hour × local time × latitude × height: log10 of density in kg/m3, float32.
        """
        ...

    def finish(self, hours: HourArray, computed: FloatArray) -> FloatArray:
        """The fields of consecutive `hours` from those of `needed(hours)`."""
        ...


def hours_between(first: np.datetime64, last: np.datetime64) -> HourArray:
    """Every whole hour from first to last, both included."""
    begin, end = first.astype("datetime64[h]"), last.astype("datetime64[h]")
    return np.asarray(begin + np.arange(int((end - begin).astype(int)) + 1))


def file_marks(paths: Iterable[Path]) -> str:
    """Names, sizes and times of change: told apart from other files of the same hours."""
    marks = []
    for path in sorted(set(paths)):
        about = path.stat()
        marks.append(f"{path.name}:{about.st_size}:{about.st_mtime_ns}")
    return ",".join(marks)


def driver_variables(drivers: Drivers, hours: HourArray) -> dict[str, FloatArray]:
    """The drivers of consecutive hours, by name of the column. Raises ModelError."""
    values = drivers.between(hours[0], hours[-1]).values
    return {name: values[:, index] for index, name in enumerate(COLUMNS)}


def drivers_from(variables: Mapping[str, FloatArray], start: np.datetime64, where: str) -> Drivers:
    """Inverse of `driver_variables`. Raises DataError when a column is not there."""
    missing = [name for name in COLUMNS if name not in variables]
    if missing:
        raise DataError(
            f"{where}: no drivers ({', '.join(missing)} missing); they are kept when space "
            "weather covers the hours of the fields"
        )
    values = np.stack([np.asarray(variables[name]) for name in COLUMNS], axis=1)
    return Drivers(start, values)
