"""From a well-formed request for a forecast to arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.driver_futures import LONGEST
from models.emulators.driver_weather import INTERVAL_HOURS
from models.emulators.emulator import Points
from models.emulators.grid import DEGREES_PER_HOUR, Grid
from service.epochs import EPOCH_WORDS, epoch_text, read_epoch
from service.errors import Detail, invalid, shown
from service.thermosphere_checks import (
    AXES,
    MAX_POINTS,
    Rows,
    driver_rows,
    level_faults,
    outside,
    place,
    range_words,
    too_many,
)
from service.thermosphere_schemas import MAX_JSON_POINTS, DensityForecastRequest, DriverRow, Futures

#: Hours ahead, at most: drivers are forecast for LONGEST hours, and that of the start is one.
MOST_HOURS = LONGEST - 1


@dataclass(frozen=True)
class ForecastQuery:
    """A checked forecast: points hour by hour, of places or of a grid.

    axes   name -> values of the places or the grid, in the order of the answer's dimensions
    """

    start: np.datetime64
    hours: int
    times: npt.NDArray[np.datetime64]
    points: Points
    axes: dict[str, FloatArray]
    grid: bool
    futures: Futures
    samples: int
    seed: int
    levels: tuple[float, ...]
    correction: str
    drivers: Rows | None

    @property
    def last(self) -> np.datetime64:
        return np.datetime64(self.start + self.hours)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the answer: time × point, or time × local time × latitude × height."""
        sizes = [len(axis) for axis in self.axes.values()]
        return (len(self.times), *(sizes if self.grid else sizes[:1]))


def forecast_query(
    request: DensityForecastRequest, grid: Grid, *, json: bool = True
) -> ForecastQuery:
    """Check a request for a forecast; `json` says what it will be answered in.

    Raises ServiceError (413, 422).
    """
    start, faults = _start(request)
    faults += level_faults(request.levels)
    if not 1 <= request.hours <= MOST_HOURS:
        faults.append(Detail("hours", f"expected 1 to {MOST_HOURS} hours ahead", request.hours))
    if (request.grid is None) == (request.points is None):
        got = "neither" if request.grid is None else "both"
        faults.append(Detail("grid", "expected either grid or points", got))
        raise invalid(faults)
    axes, more = _grid_axes(request, grid) if request.grid else _place_axes(request, grid)
    if faults + more:
        raise invalid(faults + more)
    times = start + np.arange(0, request.hours + 1, request.step_hours)
    is_grid = request.grid is not None
    count = len(times) * int(np.prod([len(a) for a in axes.values()][: 3 if is_grid else 1]))
    if count > (limit := MAX_JSON_POINTS if json else MAX_POINTS):
        raise too_many(count, limit, "JSON" if json else "one answer")
    return ForecastQuery(
        start,
        request.hours,
        times,
        _grid_points(times, axes) if is_grid else _place_points(times, axes),
        axes,
        is_grid,
        request.futures,
        request.samples,
        request.seed,
        tuple(request.levels),
        request.correction,
        None if request.drivers is None else future_rows(request.drivers, start + request.hours),
    )


def future_rows(given: Sequence[DriverRow], last: np.datetime64) -> Rows:
    """The caller's rows to the end of the UTC day that they end in, as the daily Ap needs them.

    The last row holds until then. Raises ServiceError (422) for rows that end before `last`.
    """
    rows = driver_rows(given)
    try:
        end = read_epoch(given[-1].time)
    except ValueError:
        # Said with all other faults of the rows later.
        return rows
    step = np.timedelta64(INTERVAL_HOURS, "h")
    if end + step <= last:
        message = f"expected rows to {epoch_text(last)}, the last hour asked for"
        raise invalid([Detail("drivers", message, given[-1].time)])
    midnight = end.astype("datetime64[D]") + 1
    hours = np.arange(end.astype("datetime64[h]") + step, midnight, step)
    return [*rows, *({**rows[-1], "time": f"{hour}:00Z"} for hour in hours)]


def _start(request: DensityForecastRequest) -> tuple[np.datetime64, list[Detail]]:
    try:
        start = read_epoch(request.start)
    except ValueError:
        return np.datetime64(0, "h"), [Detail("start", EPOCH_WORDS, request.start)]
    hour = start.astype("datetime64[h]")
    if hour != start:
        return hour, [Detail("start", "expected a whole hour UTC", request.start)]
    return np.datetime64(hour), []


def _grid_axes(
    request: DensityForecastRequest, grid: Grid
) -> tuple[dict[str, FloatArray], list[Detail]]:
    axes: dict[str, FloatArray] = {}
    faults = []
    for name in ("local_time", "latitude", "height"):
        chosen = getattr(request.grid, name)
        own = getattr(grid, name)
        axes[name] = np.asarray(own if chosen is None else chosen, dtype=np.float64)
        for index in outside(name, axes[name], grid):
            value = shown(float(axes[name][index]))
            faults.append(Detail(f"grid.{name}[{index}]", range_words(name, grid), value))
        if (np.diff(axes[name]) <= 0).any():
            faults.append(Detail(f"grid.{name}", "expected rising values"))
    return axes, faults


def _place_axes(
    request: DensityForecastRequest, grid: Grid
) -> tuple[dict[str, FloatArray], list[Detail]]:
    axes: dict[str, FloatArray] = {}
    faults = []
    for name in AXES:
        axes[name] = np.array([getattr(p, name) for p in request.points or ()], dtype=np.float64)
        for index in outside(name, axes[name], grid):
            value = shown(float(axes[name][index]))
            faults.append(Detail(place(name, index, False), range_words(name, grid), value))
    return axes, faults


def _grid_points(times: npt.NDArray[np.datetime64], axes: Mapping[str, FloatArray]) -> Points:
    """Time × local time × latitude × height, flat; the meridian follows from UT."""
    mesh = np.meshgrid(np.arange(len(times)), *axes.values(), indexing="ij")
    index = mesh[0].ravel()
    local_time, latitude, height = (np.asarray(m.ravel(), np.float64) for m in mesh[1:])
    time = times[index].astype("datetime64[us]")
    universal = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h")
    longitude = (local_time - universal[index]) * DEGREES_PER_HOUR
    return Points(time, latitude, np.asarray(longitude), height)


def _place_points(times: npt.NDArray[np.datetime64], axes: Mapping[str, FloatArray]) -> Points:
    """Time × place, flat."""
    count = len(axes["latitude"])
    time = np.repeat(times.astype("datetime64[us]"), count)
    return Points(time, *(np.tile(axes[name], len(times)) for name in AXES))
