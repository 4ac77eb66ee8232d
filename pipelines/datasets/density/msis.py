"""Density by NRLMSIS through pymsis: whole grids by the hour, and points.

The models are used as their authors drive them: F10.7 of the day before, its 81-day mean,
and the history of ap instead of the daily mean alone (Emmert et al. 2022, "NRLMSIS 2.1";
Picone et al. 2002, "NRLMSISE-00").
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.drivers import Drivers
from models.emulators.grid import DEGREES_PER_HOUR, FloatArray, Grid
from models.errors import DataError
from pipelines.datasets.density.sources import HourArray

#: Name -> what pymsis calls the version.
VERSIONS: dict[str, float] = {"2.1": 2.1, "2.0": 2.0, "00": 0}
#: The history of ap, in the order that MSIS wants.
AP_COLUMNS = ("ap_daily", "ap", "ap_3", "ap_6", "ap_9", "ap_12_33", "ap_36_57")
#: Use that history instead of the daily mean alone.
AP_HISTORY = -1
#: Heights of points, km: from the lower thermosphere to where the models stop making sense.
POINT_HEIGHTS = (80.0, 1500.0)
#: Points and hours per call: larger ones leave the processor's cache and are slower.
_POINTS, _HOURS = 200_000, 24
_DENSITY = 0


def msis_field(hours: HourArray, grid: Grid, drivers: Drivers, version: str = "2.1") -> FloatArray:
    """Fields of whole hours, hour × local time × latitude × height: log10 kg/m3, float32.

    The meridians of a local time move by 15 degrees an hour. Hours whose meridians are the
    same set are computed in one call, then turned: with 24 local times that is every hour.
    """
    spacing = 24 / len(grid.local_time)
    hour_of_day = (hours - hours.astype("datetime64[D]")).astype(int)
    fields = np.empty((len(hours), *grid.shape), dtype=np.float32)
    phase = np.round((-hour_of_day) % spacing, 9) % spacing
    for offset in np.unique(phase):
        chosen = np.flatnonzero(phase == offset)
        for rows in np.split(chosen, np.arange(_HOURS, len(chosen), _HOURS)):
            values = _on_meridians(hours[rows], offset, grid, drivers, version)
            for row, field in zip(rows, values, strict=True):
                # At longitude 0 local time is UT; `turn` meridians further back it is 0 o'clock.
                turn = int(np.rint((hour_of_day[row] + offset) / spacing))
                fields[row] = np.roll(field, turn, axis=0)
    return fields


def msis_density(
    times: npt.NDArray[np.datetime64],
    latitude: FloatArray,
    longitude: FloatArray,
    height: FloatArray,
    drivers: Drivers,
    version: str = "2.1",
) -> FloatArray:
    """log10 of density in kg/m3 at points, float64.

    times      point, UTC, any unit; each takes the drivers of the hour that it lies in
    latitude   point, degrees north
    longitude  point, degrees east
    height     point, km

    Raises DataError for the first point that is not usable.
    """
    times, latitude, longitude, height = np.broadcast_arrays(times, latitude, longitude, height)
    _check_points(latitude, longitude, height)
    whole = times.astype("datetime64[h]")
    row = (whole - drivers.times[0]).astype(np.int64)
    outside = (row < 0) | (row >= len(drivers))
    if outside.any():
        wrong = int(np.argmax(outside))
        raise DataError(
            f"point {wrong}: no space weather for {times[wrong]}; there is "
            f"{drivers.times[0]} to {drivers.times[-1]}; update the table or give drivers"
        )
    result = np.empty(len(times))
    for start in range(0, len(times), _POINTS):
        part = slice(start, start + _POINTS)
        flux, mean, ap = _inputs(drivers, row[part])
        moments = times[part].astype("datetime64[ms]")
        places = longitude[part], latitude[part], height[part]
        density = _calculate(moments, *places, flux, mean, ap, version)
        result[part] = np.log10(density.reshape(-1))
    return result


def _on_meridians(
    hours: HourArray, offset: float, grid: Grid, drivers: Drivers, version: str
) -> FloatArray:
    """Hour × meridian × latitude × height, at longitudes of local time + offset."""
    longitude = DEGREES_PER_HOUR * (np.asarray(grid.local_time) + offset)
    if {len(hours), len(longitude), len(grid.latitude)} == {len(grid.height)}:
        # Four axes of one length are taken for one track of points by pymsis.
        halves = np.array_split(hours, 2)
        return np.concatenate([_on_meridians(h, offset, grid, drivers, version) for h in halves])
    flux, mean, ap = _inputs(drivers, (hours - drivers.times[0]).astype(np.int64))
    places = longitude, np.asarray(grid.latitude), np.asarray(grid.height)
    density = _calculate(hours.astype("datetime64[ms]"), *places, flux, mean, ap, version)
    return np.log10(density.astype(np.float64))


def _inputs(
    drivers: Drivers, rows: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """F10.7 of the day before, its 81-day mean, and ap hour × 7, of some rows."""
    ap = np.stack([drivers.column(name)[rows] for name in AP_COLUMNS], axis=1)
    return drivers.column("f107_previous")[rows], drivers.column("f107_mean")[rows], ap


def _calculate(
    times: npt.NDArray[np.datetime64],
    longitude: FloatArray,
    latitude: FloatArray,
    height: FloatArray,
    flux: FloatArray,
    mean: FloatArray,
    ap: FloatArray,
    version: str,
) -> FloatArray:
    """Density in kg/m3: on the grid of the axes, or along a track when all are of one length."""
    import pymsis

    result: Any = pymsis.calculate(
        times,
        longitude,
        latitude,
        height,
        flux,
        mean,
        ap,
        geomagnetic_activity=AP_HISTORY,
        version=VERSIONS[version],
    )
    return np.asarray(result[..., _DENSITY])


def _check_points(latitude: FloatArray, longitude: FloatArray, height: FloatArray) -> None:
    low, high = POINT_HEIGHTS
    limits = (
        ("latitude", latitude, -90.0, 90.0, "degrees north"),
        ("longitude", longitude, -360.0, 360.0, "degrees east"),
        ("height", height, low, high, "km"),
    )
    for name, values, least, most, unit in limits:
        wrong = ~((values >= least) & (values <= most))
        if wrong.any():
            point = int(np.argmax(wrong))
            value = values[point]
            hint = "; is it in metres?" if name == "height" and value > 10 * high else ""
            raise DataError(
                f"point {point}: {name} {value:g}: expected {least:g} to {most:g} {unit}{hint}"
            )
