"""Hourly drivers from daily F10.7 and 3-hourly Kp: every column of `drivers.COLUMNS`.

All of it works on one table and on a stack of sampled ones alike (leading axes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from models.emulators.driver_flares import FlareRules, clean_flares
from models.emulators.driver_kp import kp_to_ap
from models.emulators.driver_weather import INTERVAL_HOURS, PER_DAY, SpaceWeather
from models.emulators.drivers import COLUMNS, Drivers
from models.errors import ConfigError, DataError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]
#: What stands in the column f107_mean: the 81 days around; the 81 days that end with the day;
#: those of the 81 days around that are known.
Mean = Literal["centred", "trailing", "so_far"]

HALF_WINDOW = 40
WINDOW = 2 * HALF_WINDOW + 1
#: Days of history that an hour needs: 80 of F10.7 before it (57 hours of ap are fewer).
HISTORY_DAYS = WINDOW - 1


@dataclass(frozen=True)
class DayValues:
    """Cleaned space weather of consecutive days from `first`; leading axes are samples.

    f107, f107_adjusted  ... × day
    kp                   ... × day × 8
    """

    first: np.datetime64
    f107: FloatArray
    f107_adjusted: FloatArray
    kp: FloatArray


def day_values(weather: SpaceWeather, rules: FlareRules | None = None) -> DayValues:
    """The table with its flares taken out."""
    flux = clean_flares(weather.f107, weather.f107_adjusted, rules)
    return DayValues(weather.days[0], flux.f107, flux.f107_adjusted, weather.kp)


def hourly_drivers(
    weather: SpaceWeather,
    first_hour: np.datetime64,
    last_hour: np.datetime64,
    mean: Mean = "centred",
    stated: Mapping[str, FloatArray] | None = None,
    rules: FlareRules | None = None,
) -> Drivers:
    """Drivers of every whole hour from `first_hour` to `last_hour`, both included.

    The column f107_mean holds what `mean` says; flares are cleaned first, by `rules`. `stated`
    (column -> value per hour) replaces what is computed, where it is not NaN. Raises DataError
    with the first value that is needed and not known.
    """
    _check_mean(mean)
    first, last = first_hour.astype("datetime64[h]"), last_hour.astype("datetime64[h]")
    if not first <= last:
        raise DataError(f"hourly drivers: expected first hour <= last hour, got {first} > {last}")
    start = first.astype("datetime64[D]") - HISTORY_DAYS
    end = last.astype("datetime64[D]") + HALF_WINDOW
    days = days_between(day_values(weather, rules), start, end)
    hours = first + np.arange(int((last - first).astype(int)) + 1)
    values = hourly_values(days, hours, mean)
    for name, given in (stated or {}).items():
        column = values[:, list(COLUMNS).index(name)]
        column[...] = np.where(np.isfinite(given), given, column)
    _refuse_unknown(values, hours, weather, mean)
    return Drivers(np.datetime64(first), values)


def hourly_values(days: DayValues, hours: npt.NDArray[np.datetime64], mean: Mean) -> FloatArray:
    """... × hour × column of COLUMNS; NaN where something needed is unknown.

    `days` must reach from HISTORY_DAYS before the first hour to HALF_WINDOW after the last.
    """
    since = (hours - days.first.astype("datetime64[h]")).astype(np.int64)
    day, interval = since // 24, since // INTERVAL_HOURS
    ap_of_day = kp_to_ap(days.kp)
    ap = ap_of_day.reshape(*ap_of_day.shape[:-2], -1)
    kp = days.kp.reshape(ap.shape)
    trailing = window_mean(days.f107, HISTORY_DAYS, 0)
    columns = {
        "f107": days.f107[..., day],
        "f107_previous": days.f107[..., day - 1],
        "f107_adjusted": days.f107_adjusted[..., day],
        "f107_mean": _mean(days.f107, trailing, mean)[..., day],
        "f107_trailing": trailing[..., day],
        "kp": kp[..., interval],
        "ap": ap[..., interval],
        **{f"ap_{3 * k}": ap[..., interval - k] for k in (1, 2, 3)},
        "ap_12_33": _mean_of_eight(ap, interval - 4),
        "ap_36_57": _mean_of_eight(ap, interval - 12),
        "ap_daily": np.rint(ap_of_day.mean(axis=-1))[..., day],
    }
    return np.stack([columns[name] for name in COLUMNS], axis=-1)


def days_between(days: DayValues, start: np.datetime64, end: np.datetime64) -> DayValues:
    """The days from `start` to `end`; NaN where the table does not reach."""
    count = days.f107.shape[-1]
    offset = int((start - days.first).astype(int))
    index = offset + np.arange(int((end - start).astype(int)) + 1)
    inside = (index >= 0) & (index < count)
    index = np.clip(index, 0, count - 1)

    def cut(values: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
        return np.asarray(np.where(known, values, np.nan))

    return DayValues(
        np.datetime64(start),
        cut(days.f107[..., index], inside),
        cut(days.f107_adjusted[..., index], inside),
        cut(days.kp[..., index, :], inside[:, None]),
    )


def window_mean(
    values: FloatArray, before: int, after: int, needed: int | None = None
) -> FloatArray:
    """Mean over each day, `before` days before it and `after` days after it.

    NaN where fewer than `needed` values of the window are known (all, when not stated).
    """
    count = values.shape[-1]
    known = np.isfinite(values)
    sums = _running(np.where(known, values, 0.0))
    counts = _running(known.astype(np.float64))
    low = np.clip(np.arange(count) - before, 0, count)
    high = np.clip(np.arange(count) + after + 1, 0, count)
    number = counts[..., high] - counts[..., low]
    enough = number >= (before + after + 1 if needed is None else needed)
    total = sums[..., high] - sums[..., low]
    return np.asarray(np.where(enough, total / np.maximum(number, 1.0), np.nan))


def _running(values: FloatArray) -> FloatArray:
    """Sum of the values before each position; one longer than `values`."""
    zero = np.zeros((*values.shape[:-1], 1))
    return np.concatenate([zero, np.cumsum(values, axis=-1)], axis=-1)


def _mean(f107: FloatArray, trailing: FloatArray, mean: Mean) -> FloatArray:
    if mean == "trailing":
        return trailing
    needed = WINDOW if mean == "centred" else HALF_WINDOW + 1
    return window_mean(f107, HALF_WINDOW, HALF_WINDOW, needed)


def _mean_of_eight(ap: FloatArray, newest: IntArray) -> FloatArray:
    """Mean of the ap of the intervals `newest` and the seven before it."""
    return np.asarray(np.mean([ap[..., newest - k] for k in range(PER_DAY)], axis=0))


def _check_mean(mean: str) -> None:
    if mean not in get_args(Mean):
        raise ConfigError(f"mean: expected {', '.join(get_args(Mean))}, got {mean!r}")


def _refuse_unknown(
    values: FloatArray, hours: npt.NDArray[np.datetime64], weather: SpaceWeather, mean: Mean
) -> None:
    unknown = np.argwhere(~np.isfinite(values))
    if not len(unknown):
        return
    hour, column = (int(i) for i in unknown[0])
    name = list(COLUMNS)[column]
    way_out = " (mean='trailing' or 'so_far' needs no later days)" if name == "f107_mean" else ""
    way_out = way_out if mean == "centred" else ""
    raise DataError(
        f"drivers: {name} ({COLUMNS[name]}) at {hours[hour]} cannot be told from "
        f"{weather.source or 'space weather'}, which has F10.7 from {weather.days[0]} to "
        f"{weather.last_f107} and Kp to {weather.last_kp_end}{way_out}; update the table "
        "(halyard data update space-weather), give drivers, or ask for a forecast of them"
    )
