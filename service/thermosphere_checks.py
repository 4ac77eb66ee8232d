"""What every request for densities is checked for: ranges, levels, numbers of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.contract import FloatArray
from models.emulators.grid import Grid
from service.errors import MAX_DETAILS, Detail, ServiceError, shown
from service.thermosphere_schemas import DriverRow

#: What places a point, beside its time.
AXES = ("latitude", "longitude", "height")
#: Most points, or values of a forecast, of one request.
MAX_POINTS = 2_000_000
Rows = Sequence[Mapping[str, Any]]


def driver_rows(rows: Sequence[DriverRow]) -> list[dict[str, Any]]:
    """The caller's rows as mappings, without what was not given."""
    return [
        {**row.model_dump(exclude_none=True), "time": row.time.removesuffix("+00:00")}
        for row in rows
    ]


def level_faults(levels: Sequence[float]) -> list[Detail]:
    """Levels that are no probabilities."""
    return [
        Detail(f"levels[{i}]", "expected a probability above 0 and below 1", shown(level))
        for i, level in enumerate(levels)
        if not 0 < level < 1
    ]


def too_many(count: int, limit: int, where: str) -> ServiceError:
    """The 413 that names the way for more points."""
    more = "; send and accept an Arrow stream (application/vnd.apache.arrow.stream)"
    advice = more if where == "JSON" else "; ask for fewer at a time"
    message = f"expected at most {limit} points in {where}, got {count}{advice}"
    return ServiceError(413, message, [Detail("points", message, count)])


def outside(name: str, values: FloatArray, grid: Grid) -> list[int]:
    """Indices of the first values that are out of range, one more than errors list."""
    low, high = _range(name, grid)
    inside = (values >= low) & (values <= high)
    return [int(i) for i in np.flatnonzero(~inside)[: MAX_DETAILS + 1]]


def _range(name: str, grid: Grid) -> tuple[float, float]:
    heights = (float(grid.height[0]), float(grid.height[-1]))
    bounds = {"latitude": (-90.0, 90.0), "longitude": (-180.0, 360.0), "local_time": (0.0, 24.0)}
    return bounds.get(name, heights)


def range_words(name: str, grid: Grid) -> str:
    """What a value out of range is answered."""
    low, high = _range(name, grid)
    unit = {"height": "km, the heights of this model", "local_time": "hours"}.get(name, "degrees")
    return f"expected {low:g} to {high:g} {unit}"


def place(name: str, index: int, columns: bool) -> str:
    """Path of a value of a point in the request."""
    return f"points.{name}[{index}]" if columns else f"points[{index}].{name}"
