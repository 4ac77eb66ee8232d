"""What a rollout model reads of the drivers: named sets of features, hour by hour.

Choose `full` where everything that NRLMSIS depends on is known; `f107_kp` where only
F10.7 and Kp and their past are; `six` for the plain drivers of the published
linear model and `dmdc` for these with the two products that it adds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.errors import ConfigError

#: Days of a tropical year, as the published drivers count it.
DAYS_PER_YEAR = 365.25
_AP = ("ap_daily", "ap", "ap_3", "ap_6", "ap_9", "ap_12_33", "ap_36_57")


def features(drivers: Drivers, name: str) -> FloatArray:
    """The set of this name, hour × feature, float32. Raises ConfigError for another name."""
    if name not in FEATURE_SETS:
        raise ConfigError(f"features: no set called {name!r}; there are: {', '.join(FEATURE_SETS)}")
    return np.stack(FEATURE_SETS[name](drivers), axis=1).astype(np.float32)


def _full(drivers: Drivers) -> list[FloatArray]:
    """Flux of the day before and its 81-day mean; ap of 57 hours; three harmonics."""
    flux = [np.log(drivers.column(name)) for name in ("f107_previous", "f107_mean")]
    return [*flux, *_activity(drivers, _AP), *_harmonics(drivers, 3)]


def _f107_kp(drivers: Drivers) -> list[FloatArray]:
    """F10.7 of the day, of the day before and its mean so far; Kp; three harmonics.

    The 81-day mean ends with the day, so that nothing but the past of F10.7 is in it.
    """
    flux = [np.log(drivers.column(n)) for n in ("f107", "f107_previous", "f107_trailing")]
    kp = drivers.column("kp")
    return [*flux, kp, *_activity(drivers, ("ap",)), *_harmonics(drivers, 3)]


def _six(drivers: Drivers) -> list[FloatArray]:
    """F10.7, Kp and one harmonic of day of year and of UT."""
    return [drivers.column("f107"), drivers.column("kp"), *_harmonics(drivers, 1)]


def _dmdc(drivers: Drivers) -> list[FloatArray]:
    """The six, with Kp squared and the product of F10.7 and Kp."""
    f107, kp = drivers.column("f107"), drivers.column("kp")
    return [*_six(drivers), kp**2, f107 * kp]


def _activity(drivers: Drivers, names: tuple[str, ...]) -> list[FloatArray]:
    """log(1 + ap), its square and its cube.

    ap spans two decades, and storms must not be clipped by the scaling; the powers let a
    network go on beyond the few storms that it has seen.
    """
    logs = [np.log1p(drivers.column(name)) for name in names]
    return [value**power for power in (1, 2, 3) for value in logs]


def _harmonics(drivers: Drivers, count: int) -> list[FloatArray]:
    """Cosine and sine of 1, 2, ... turns a day and a year."""
    times = drivers.times
    day = (times - times.astype("datetime64[D]")).astype(np.float64) / 24.0
    year = (times - times.astype("datetime64[Y]")).astype(np.float64) / 24.0 / DAYS_PER_YEAR
    return [
        turn(2 * np.pi * k * phase)
        for phase in (day, year)
        for k in range(1, count + 1)
        for turn in (np.cos, np.sin)
    ]


#: Name -> drivers to the columns of the set.
FEATURE_SETS: dict[str, Callable[[Drivers], list[FloatArray]]] = {
    "full": _full,
    "f107_kp": _f107_kp,
    "six": _six,
    "dmdc": _dmdc,
}
