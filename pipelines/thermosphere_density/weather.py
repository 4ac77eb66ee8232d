"""Drivers of the hours that a table of space weather knows, and which hours these are."""

from __future__ import annotations

import numpy as np

from models.emulators.driver_hours import HALF_WINDOW, HISTORY_DAYS, hourly_drivers
from models.emulators.driver_weather import SpaceWeather
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.errors import DataError


def known_hours(
    weather: SpaceWeather, emulator: DensityEmulator
) -> tuple[np.datetime64, np.datetime64]:
    """First and last hour whose density can be told from drivers that are looked up.

    The first one begins a block of hours (see paths) with the history that the drivers and
    the emulator need; the last one ends a day of which F10.7 and all of Kp are known. Raises
    DataError when there is none.
    """
    whole = np.isfinite(weather.f107) & np.isfinite(weather.kp).all(axis=1)
    if not whole.any():
        raise DataError(f"{weather.source}: no day with F10.7 and Kp; update the table")
    last = weather.days[np.flatnonzero(whole)[-1]].astype("datetime64[h]") + 23
    begin = (weather.days[int(np.argmax(whole))] + HISTORY_DAYS).astype("datetime64[h]")
    hour = int(begin.astype(np.int64)) + emulator.lookback
    first = -(-hour // emulator.horizon) * emulator.horizon
    return np.datetime64(first, "h"), np.datetime64(last)


def observed(weather: SpaceWeather, first: np.datetime64, last: np.datetime64) -> Drivers:
    """Drivers as they were; the newest 81-day means are of the days that are known."""
    return hourly_drivers(weather, first, last, mean="so_far")


def mean_is_partial(weather: SpaceWeather, last: np.datetime64) -> bool:
    """Whether the 81-day mean around the last hour lacks days."""
    known = weather.last_f107
    return known is not None and last.astype("datetime64[D]") + HALF_WINDOW > known
