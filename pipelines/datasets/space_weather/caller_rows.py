"""Drivers that a caller gives, in a file or as rows: for a query, or for a forecast's future.

A row holds from its time on: F10.7 for the UTC day, Kp or ap for the 3 hours. What came
before the rows (57 hours of ap, 81 days of F10.7) is taken from a table of space weather,
or from the rows themselves where they reach back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.driver_flares import TRUSTED, clean_flares
from models.emulators.driver_hours import Mean, hourly_drivers
from models.emulators.driver_kp import ap_to_kp, kp_thirds
from models.emulators.driver_sun import sun_distance
from models.emulators.driver_weather import (
    INTERVAL_HOURS,
    PER_DAY,
    SpaceWeather,
)
from models.emulators.drivers import Drivers
from models.errors import DataError
from pipelines.datasets.space_weather.given_rows import GivenRows, Rows, read_rows
from pipelines.datasets.space_weather.merge import merge

FloatArray = npt.NDArray[np.floating[Any]]
TimeArray = npt.NDArray[np.datetime64]
#: Intervals of Kp between a table and the rows that may be unknown: what is published late.
_BRIDGED = 2


def drivers_from_rows(
    rows: Rows,
    weather: SpaceWeather | None = None,
    first_hour: np.datetime64 | None = None,
    last_hour: np.datetime64 | None = None,
    mean: Mean = "so_far",
) -> Drivers:
    """Hourly drivers from a caller's rows.

    rows        a CSV, Parquet or JSON file, or a list of mappings; columns time (UTC), f107,
                kp or ap, and if wanted f107_mean, f107_adjusted. Every 3 hours, or hourly with
                the same values within 3 hours
    weather     what was before (and, where it knows them, after); rows win
    first_hour  the span asked for; by default from the first row to the end of the last one's
                3 hours
    mean        how f107_mean is computed where the rows do not give it

    F10.7 of the rows is taken as it is; flares are only taken out of `weather`. Kp is filled
    from ap, or ap from Kp, by the official table; one or two Kp that were not out yet when the
    rows begin repeat the last one.

    Raises DataError for the first fault: an unknown column, a cell that is empty, no number or
    out of limits, a gap, a contradiction, or a past that nobody gives.
    """
    given = read_rows(rows)
    table = _as_table(given)
    if weather is not None:
        table = _bridged(merge(_cleaned(weather), table))
    first = given.times[0] if first_hour is None else first_hour.astype("datetime64[h]")
    last = _end(given) if last_hour is None else last_hour.astype("datetime64[h]")
    hours = first + np.arange(max(int((last - first).astype(int)) + 1, 0))
    stated = _stated(given, np.asarray(hours))
    return hourly_drivers(table, np.datetime64(first), np.datetime64(last), mean, stated, TRUSTED)


def _end(given: GivenRows) -> np.datetime64:
    """Last hour of the 3 hours that hold the last row."""
    into = int(given.times[-1].astype(np.int64)) % INTERVAL_HOURS
    return np.datetime64(given.times[-1] - into + (INTERVAL_HOURS - 1))


def _cleaned(weather: SpaceWeather) -> SpaceWeather:
    """The table without flares, so that they need not be looked for in what the caller states."""
    flux = clean_flares(weather.f107, weather.f107_adjusted)
    return replace(weather, f107=flux.f107, f107_adjusted=flux.f107_adjusted)


def _bridged(table: SpaceWeather) -> SpaceWeather:
    """Repeat the last Kp over the one or two intervals before the rows that are not out yet."""
    kp = table.kp.ravel().copy()
    known = np.flatnonzero(np.isfinite(kp))
    for at in np.flatnonzero((np.diff(known) > 1) & (np.diff(known) <= _BRIDGED + 1)):
        kp[known[at] + 1 : known[at + 1]] = kp[known[at]]
    return replace(table, kp=kp.reshape(table.kp.shape))


def _stated(given: GivenRows, hours: TimeArray) -> dict[str, FloatArray]:
    """Columns that the rows give outright, at these hours; NaN outside of the rows.

    A stated mean also stands for the trailing one: without a table that cannot be computed.
    """
    row = np.searchsorted(given.times, hours, side="right") - 1
    inside = (row >= 0) & (hours < given.times[-1] + INTERVAL_HOURS)
    stated = {
        name: np.where(inside, values[np.maximum(row, 0)], np.nan)
        for name, values in given.values.items()
        if name in ("f107_mean", "f107_adjusted")
    }
    if "f107_mean" in stated:
        stated["f107_trailing"] = stated["f107_mean"]
    return stated


def _as_table(given: GivenRows) -> SpaceWeather:
    """The rows as days of F10.7 and intervals of Kp; NaN in what they do not cover."""
    first = given.times[0].astype("datetime64[D]")
    days = int((given.times[-1].astype("datetime64[D]") - first).astype(int)) + 1
    since = (given.times - first.astype("datetime64[h]")).astype(np.int64)
    f107 = _constant(given, "f107", since // 24, days, "the UTC day")
    kp = _kp(given)
    interval = since // INTERVAL_HOURS
    by_interval = _constant(
        GivenRows(given.file, given.times, {"kp": kp}), "kp", interval, 8 * days
    )
    adjusted = f107 * sun_distance(np.asarray(first + np.arange(days))) ** 2
    return SpaceWeather(
        np.datetime64(first), f107, adjusted, by_interval.reshape(days, PER_DAY), given.file
    )


def _kp(given: GivenRows) -> FloatArray:
    """Kp as given, or of ap. Raises DataError where both are given and contradict."""
    values = given.values
    if "kp" not in values:
        return ap_to_kp(values["ap"])
    thirds = kp_thirds(values["kp"])
    if "ap" in values:
        bad = np.flatnonzero(np.abs(3.0 * ap_to_kp(values["ap"]) - thirds) > 1.0)
        if len(bad):
            row = int(bad[0])
            raise DataError(
                f"{given.file}, row {row + 1}: kp {values['kp'][row]:g} and ap "
                f"{values['ap'][row]:g} contradict each other; give one of them"
            )
    return thirds / 3.0


def _constant(
    given: GivenRows, name: str, slot: npt.NDArray[np.int64], slots: int, what: str = "the 3 hours"
) -> FloatArray:
    """One value per slot; DataError where the rows of a slot differ."""
    values = given.values[name]
    out = np.full(slots, np.nan)
    # Written backwards, so that the first row of each slot stays.
    out[slot[::-1]] = values[::-1]
    bad = np.flatnonzero(values != out[slot])
    if len(bad):
        row = int(bad[0])
        raise DataError(
            f"{given.file}, row {row + 1}, column {name!r}: {values[row]:g} differs from "
            f"{out[slot[row]]:g} earlier in {what}; {name} has one value there"
        )
    return out
