"""An ensemble of future drivers at a moment, from nothing but what was published by then.

Choose `ensemble` unless the parts are to be compared. Where drivers of the future are
given by the caller, nothing here is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from models.emulators.driver_history import Method, flux_history, kp_history
from models.emulators.driver_hours import (
    HALF_WINDOW,
    HISTORY_DAYS,
    DayValues,
    Mean,
    day_values,
    hourly_values,
)
from models.emulators.driver_issue import IssueDelays, as_known_at
from models.emulators.driver_paths import sample_paths
from models.emulators.driver_samples import DriverSamples
from models.emulators.driver_sun import sun_distance
from models.emulators.driver_weather import (
    F107_LIMITS,
    KP_LIMITS,
    PER_DAY,
    SpaceWeather,
)
from models.errors import ConfigError, DataError

FloatArray = npt.NDArray[np.floating[Any]]

#: Hours that can be forecast: 27 days, a turn of the sun.
LONGEST = 27 * 24
#: Days of history without which a forecast is refused.
FEWEST_DAYS = 400
#: Days that the newest value may lie back before a forecast from it is refused.
STALEST_DAYS = 14


def forecast_drivers(
    weather: SpaceWeather,
    moment: np.datetime64,
    hours: int,
    method: Method = "ensemble",
    samples: int = 100,
    seed: int = 0,
    *,
    history: int = 0,
    mean: Mean = "centred",
    delays: IssueDelays | None = None,
    alike: int = 400,
) -> DriverSamples:
    """Sample the drivers of `hours` hours from the whole hour of `moment` (UTC) on.

    history  hours before `moment` to put in front; what was not out by then is sampled too
    mean     what stands in f107_mean; the later days of a centred one are sampled
    alike    past origins whose errors are drawn from

    F10.7 and Kp are drawn independently. The same arguments give the same bits. Raises
    ConfigError for a bad argument, DataError when the table is too short or too old.
    """
    _check(method, hours, samples, history)
    known = _from_first_known(as_known_at(weather, moment, delays))
    rng = np.random.default_rng(seed)
    begin = moment.astype("datetime64[h]") - history
    times = begin + np.arange(history + hours)
    start = begin.astype("datetime64[D]") - HISTORY_DAYS
    end = times[-1].astype("datetime64[D]") + HALF_WINDOW
    days = _sampled_days(known, start, end, _Draw(method, samples, alike, rng))
    values = hourly_values(days, times, mean)
    _refuse_unknown(values, known, start)
    return DriverSamples(np.datetime64(begin), values)


@dataclass(frozen=True)
class _Draw:
    method: Method
    samples: int
    alike: int
    rng: np.random.Generator


def _sampled_days(
    known: SpaceWeather, start: np.datetime64, end: np.datetime64, draw: _Draw
) -> DayValues:
    """Sample × day from `start` to `end`: known values first, sampled ones after them."""
    days = day_values(known)
    flux = _trimmed(days.f107, "F10.7", known)
    kp = _trimmed(days.kp.ravel(), "Kp", known)
    count = int((end - days.first).astype(int)) + 1
    log_flux = np.log(flux)
    ahead = sample_paths(
        flux_history(log_flux, count - len(flux), draw.method), draw.samples, draw.alike, draw.rng
    )
    # The 81-day mean that the history's departures are from, at the last known day.
    ahead = np.clip(np.exp(log_flux[-81:].mean() + ahead), *F107_LIMITS)
    # Kp is needed to the last hour only, but a whole number of days is simplest to stack.
    steps = (count - HALF_WINDOW) * PER_DAY - len(kp)
    kp_ahead = sample_paths(kp_history(kp, steps, draw.method), draw.samples, draw.alike, draw.rng)
    kp_ahead = np.rint(3.0 * np.clip(kp_ahead, *KP_LIMITS)) / 3.0
    return _joined(days, flux, ahead, kp, kp_ahead, start)


def _joined(
    days: DayValues,
    flux: FloatArray,
    flux_ahead: FloatArray,
    kp: FloatArray,
    kp_ahead: FloatArray,
    start: np.datetime64,
) -> DayValues:
    """Known head and sampled tail of every sample, cut to begin at `start`."""
    skip = max(int((start - days.first).astype(int)), 0)
    first = days.first + skip
    f107 = _append(flux[skip:], flux_ahead)
    dates = first + np.arange(f107.shape[1])
    adjusted = f107 * sun_distance(dates) ** 2
    head = days.f107_adjusted[skip : len(flux)]
    adjusted[:, : len(head)] = head
    joined = _append(kp[skip * PER_DAY :], kp_ahead)
    padding = np.full((len(joined), f107.shape[1] * PER_DAY - joined.shape[1]), np.nan)
    joined = np.concatenate([joined, padding], axis=1)
    return DayValues(first, f107, adjusted, joined.reshape(*f107.shape, PER_DAY))


def _append(head: FloatArray, tails: FloatArray) -> FloatArray:
    return np.concatenate([np.broadcast_to(head, (len(tails), len(head))), tails], axis=1)


def _from_first_known(known: SpaceWeather) -> SpaceWeather:
    """Without the days at the beginning that lack F10.7 or Kp (it is observed since 1947)."""
    whole = np.isfinite(known.f107) & np.isfinite(known.kp[:, 0])
    skip = int(np.argmax(whole))
    return replace(
        known,
        first=known.days[skip],
        f107=known.f107[skip:],
        f107_adjusted=known.f107_adjusted[skip:],
        kp=known.kp[skip:],
    )


def _trimmed(values: FloatArray, name: str, known: SpaceWeather) -> FloatArray:
    """The values up to the last known one; what is missing between is interpolated."""
    there = np.flatnonzero(np.isfinite(values))
    per_day = len(values) // len(known)
    if len(there) < FEWEST_DAYS * per_day:
        raise DataError(
            f"drivers' forecast at {known.as_of}: expected {FEWEST_DAYS} or more days of {name} "
            f"published before, got {len(there) // per_day}; start later or give a longer table"
        )
    newest = known.days[there[-1] // per_day]
    now = newest if known.as_of is None else known.as_of.astype("datetime64[D]")
    if int((now - newest).astype(int)) > STALEST_DAYS:
        raise DataError(
            f"drivers' forecast at {known.as_of}: the newest {name} of "
            f"{known.source or 'the table'} is of {newest}; expected one of the last "
            f"{STALEST_DAYS} days: update the table (halyard data update space-weather), or give "
            "drivers"
        )
    return np.asarray(np.interp(np.arange(there[-1] + 1), there, values[there]))


def _check(method: str, hours: int, samples: int, history: int) -> None:
    if method not in get_args(Method):
        raise ConfigError(f"method: expected {', '.join(get_args(Method))}, got {method!r}")
    limits = (("hours", hours, 1, LONGEST), ("history", history, 0, None))
    for name, value, least, most in (*limits, ("samples", samples, 1, None)):
        if value < least or (most is not None and value > most):
            wanted = f"{least} or more" if most is None else f"{least} to {most}"
            raise ConfigError(f"{name}: expected {wanted}, got {value}")


def _refuse_unknown(values: FloatArray, known: SpaceWeather, start: np.datetime64) -> None:
    if not np.isfinite(values).all():
        raise DataError(
            f"drivers' forecast at {known.as_of}: needs space weather from {start} on; the table "
            f"begins on {known.days[0]}: start later or ask for less history"
        )
