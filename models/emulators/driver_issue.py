"""What was known of space weather at a moment: the guard against look-ahead.

A 3-hour Kp is published an hour after its interval ends (GFZ's nowcast), F10.7 of a day
two hours after it is measured at 20 UTC. Tables hold today's (definitive) values, so that
later *revisions* of a published value cannot be taken back; they are small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.driver_weather import INTERVAL_HOURS, PER_DAY, SpaceWeather
from models.errors import ConfigError, DataError


@dataclass(frozen=True)
class IssueDelays:
    """When values are out.

    kp_hours    hours from the end of a 3-hour interval to its Kp and ap
    f107_hours  hours from 0 UTC of a day to its F10.7: 20 UTC and the time to publish it
    """

    kp_hours: float = 1.0
    f107_hours: float = 22.0

    def __post_init__(self) -> None:
        if not self.kp_hours >= 0:
            raise ConfigError(f"delays.kp_hours: expected 0 or more, got {self.kp_hours}")
        if not self.f107_hours >= 20:
            raise ConfigError(
                f"delays.f107_hours: expected 20 or more (F10.7 is measured at 20 UTC), "
                f"got {self.f107_hours}"
            )


def as_known_at(
    weather: SpaceWeather, moment: np.datetime64, delays: IssueDelays | None = None
) -> SpaceWeather:
    """The table as it stood at `moment` (UTC): what was not out yet is NaN, later days are gone.

    The daily Ap and the 81-day means follow, since they are computed from the values.
    Raises DataError when nothing was out.
    """
    delays = delays or IssueDelays()
    now = moment.astype("datetime64[s]")
    count = int((now.astype("datetime64[D]") - weather.days[0]).astype(int)) + 1
    if count < 1:
        raise DataError(
            f"space weather as known at {now}: the table begins on {weather.days[0]}; "
            "ask for a later moment"
        )
    count = min(count, len(weather))
    days = weather.days[:count].astype("datetime64[s]")
    flux_out = days + _seconds(delays.f107_hours) <= now
    ends = days[:, None] + _seconds(np.arange(1, PER_DAY + 1) * INTERVAL_HOURS)
    kp_out = ends + _seconds(delays.kp_hours) <= now
    return replace(
        weather,
        f107=np.where(flux_out, weather.f107[:count], np.nan),
        f107_adjusted=np.where(flux_out, weather.f107_adjusted[:count], np.nan),
        kp=np.where(kp_out, weather.kp[:count], np.nan),
        as_of=now,
    )


def _seconds(hours: Any) -> npt.NDArray[np.timedelta64]:
    return np.asarray(np.rint(np.asarray(hours) * 3600.0), dtype="timedelta64[s]")
