"""From a well-formed request for densities at points to arrays, all faults named at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.emulator import Points
from models.emulators.grid import Grid
from service.epochs import EPOCH_WORDS, read_epochs
from service.errors import Detail, invalid, shown
from service.thermosphere_checks import (
    AXES,
    Rows,
    driver_rows,
    level_faults,
    outside,
    place,
    range_words,
    too_many,
)
from service.thermosphere_schemas import (
    MAX_JSON_POINTS,
    DensityOptions,
    DensityRequest,
    PointColumns,
)


@dataclass(frozen=True)
class PointQuery:
    """Checked points, and how density is asked for; `columns` says how faults name a point."""

    points: Points
    levels: tuple[float, ...]
    correction: str
    drivers: Rows | None
    columns: bool

    def place(self, name: str, index: int) -> str:
        """Path of a value in the request."""
        return place(name, int(index), self.columns)


def point_query(request: DensityRequest, grid: Grid) -> PointQuery:
    """Check a JSON request. Raises ServiceError (413, 422)."""
    given = request.points
    if isinstance(given, PointColumns):
        columns = given.model_dump()
        _same_lengths(columns)
        texts = given.epoch
    else:
        columns = {name: [getattr(point, name) for point in given] for name in AXES}
        texts = [point.epoch for point in given]
    if len(texts) > MAX_JSON_POINTS:
        raise too_many(len(texts), MAX_JSON_POINTS, "JSON")
    by_columns = isinstance(given, PointColumns)
    epochs, wrong = read_epochs(texts)
    faults = [Detail(place("epoch", i, by_columns), EPOCH_WORDS, texts[i]) for i in wrong]
    arrays = {name: np.asarray(columns[name], dtype=np.float64) for name in AXES}
    return checked_points(epochs, arrays, request, grid, by_columns, faults)


def checked_points(
    epochs: npt.NDArray[np.datetime64],
    arrays: Mapping[str, FloatArray],
    options: DensityOptions,
    grid: Grid,
    columns: bool,
    faults: Iterable[Detail] = (),
) -> PointQuery:
    """Check arrays of points and the options beside them. Raises ServiceError (422)."""
    found = list(faults)
    if not len(epochs):
        found.append(Detail("points", "expected at least 1 point", 0))
    for name in AXES:
        for index in outside(name, arrays[name], grid):
            message = range_words(name, grid)
            value = shown(float(arrays[name][index]))
            found.append(Detail(place(name, index, columns), message, value))
    found += level_faults(options.levels)
    if found:
        raise invalid(found)
    return PointQuery(
        Points(epochs, *(arrays[name] for name in AXES)),
        tuple(options.levels),
        options.correction,
        None if options.drivers == "lookup" else driver_rows(options.drivers),
        columns,
    )


def _same_lengths(columns: Mapping[str, Sequence[Any]]) -> None:
    size = len(columns["epoch"])
    wrong = [name for name in AXES if len(columns[name]) != size]
    if wrong:
        message = f"expected {size} values, one for each epoch"
        raise invalid([Detail(f"points.{n}", message, len(columns[n])) for n in wrong])
