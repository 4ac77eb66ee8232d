"""Space weather of consecutive days, as published: what hourly drivers are made from.

`SpaceWeather` holds raw values; NaN is what is not known (yet). Flares are cleaned
(`driver_flares`) where values are used, because cleaning depends on what is known.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.driver_kp import kp_to_ap
from models.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]
DayArray = npt.NDArray[np.datetime64]

#: Intervals of Kp in a day, and hours in one.
PER_DAY = 8
INTERVAL_HOURS = 3
#: Lowest and highest F10.7 that a file may hold, solar flux units; flares reach 940.
F107_LIMITS = (40.0, 1500.0)
KP_LIMITS = (0.0, 9.0)


@dataclass(frozen=True)
class SpaceWeather:
    """Daily F10.7 and 3-hourly Kp of consecutive UTC days; NaN where unknown.

    first          first day
    f107           day: F10.7 as observed at 20 UTC, solar flux units
    f107_adjusted  day: the same at one astronomical unit
    kp             day × 8: Kp of 00-03, 03-06, ... UTC, 0 to 9 in thirds
    source         where it came from, for a person
    as_of          when it was retrieved, or the moment whose knowledge it is; UTC
    """

    first: np.datetime64
    f107: FloatArray
    f107_adjusted: FloatArray
    kp: FloatArray
    source: str = ""
    as_of: np.datetime64 | None = None

    def __post_init__(self) -> None:
        days = len(self.f107)
        if self.f107_adjusted.shape != (days,) or self.kp.shape != (days, PER_DAY) or not days:
            raise DataError(
                "space weather: expected f107 and f107_adjusted of 1 or more days and kp of "
                f"day × {PER_DAY}, got {self.f107.shape}, {self.f107_adjusted.shape} and "
                f"{self.kp.shape}"
            )
        flux = (("F10.7", self.f107), ("adjusted F10.7", self.f107_adjusted))
        for name, values in flux:
            self._check(name, values, F107_LIMITS)
        self._check("Kp", self.kp, KP_LIMITS)

    def _check(self, name: str, values: FloatArray, limits: tuple[float, float]) -> None:
        bad = np.argwhere((values < limits[0]) | (values > limits[1]))
        if len(bad):
            value = values[tuple(bad[0])]
            interval = f" from {bad[0][1] * INTERVAL_HOURS:02d} UTC" if len(bad[0]) > 1 else ""
            raise DataError(
                f"{self.source or 'space weather'}, {self.days[bad[0][0]]}{interval}: expected "
                f"{name} from {limits[0]:g} to {limits[1]:g}, got {value:g}; correct the value"
            )

    def __len__(self) -> int:
        return len(self.f107)

    @property
    def days(self) -> DayArray:
        """The days, datetime64[D]."""
        return np.asarray(self.first.astype("datetime64[D]") + np.arange(len(self)))

    @property
    def last(self) -> np.datetime64:
        """Last day of the table; some of it may be unknown."""
        return np.datetime64(self.days[-1])

    @property
    def last_f107(self) -> np.datetime64 | None:
        """Last day whose F10.7 is known; None without any."""
        known = np.flatnonzero(np.isfinite(self.f107))
        return np.datetime64(self.days[known[-1]]) if len(known) else None

    @property
    def last_kp_end(self) -> np.datetime64 | None:
        """End of the last 3 hours whose Kp is known, UTC; None without any."""
        known = np.flatnonzero(np.isfinite(self.kp.ravel()))
        if not len(known):
            return None
        hours = int(known[-1] + 1) * INTERVAL_HOURS
        return np.datetime64(self.days[0].astype("datetime64[h]") + hours)

    @property
    def ap(self) -> FloatArray:
        """Day × 8: ap in 2 nT, by the official table."""
        return kp_to_ap(self.kp)

    @property
    def ap_daily(self) -> FloatArray:
        """Day: Ap, the mean of the eight ap, rounded half to even as GFZ prints it."""
        return np.asarray(np.rint(self.ap.mean(axis=1)))

    @property
    def kp_sum(self) -> FloatArray:
        """Day: sum of the eight Kp."""
        return np.asarray(self.kp.sum(axis=1))

    @property
    def data_hash(self) -> str:
        """SHA-256 of the span and the values, hexadecimal."""
        digest = hashlib.sha256(str(self.days[0]).encode())
        for values in (self.f107, self.f107_adjusted, self.kp):
            digest.update(np.ascontiguousarray(values, dtype=np.float64).tobytes())
        return digest.hexdigest()
