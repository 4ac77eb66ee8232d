"""Every column of space weather: its unit, meaning and limits; and the tables made of them."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.emulators.driver_flares import clean_flares
from models.emulators.driver_hours import HALF_WINDOW, window_mean
from models.emulators.driver_weather import F107_LIMITS, INTERVAL_HOURS, PER_DAY, SpaceWeather
from pipelines.datasets.schema import Column

_SFU = "solar flux unit (1e-22 W m-2 Hz-1)"
_KP = "Kp, 0 to 9 in thirds"
_AP = "ap (2 nT)"


def _flux(name: str, meaning: str, *synonyms: str) -> Column:
    return Column(name, _SFU, meaning, synonyms, *F107_LIMITS)


#: One row per UTC day.
DAILY: tuple[Column, ...] = (
    Column("date", "UTC day", "the day", ("day",)),
    _flux("f107_obs", "F10.7 measured at 20 UTC, flares not removed", "f107", "f10_7_obs"),
    _flux("f107_adj", "the same at one astronomical unit", "f107_adjusted", "f10_7_adj"),
    _flux("f107_obs_center81", "81-day mean centred on the day, flares removed"),
    _flux("f107_obs_last81", "81-day mean that ends with the day, flares removed"),
    _flux("f107_adj_center81", "81-day mean of f107_adj centred on the day, flares removed"),
    _flux("f107_adj_last81", "81-day mean of f107_adj that ends with the day, flares removed"),
    Column("f107_replaced", "true or false", "f107 is taken for a flare or a misprint", ()),
    Column("ap_daily", _AP, "Ap: mean of the eight ap of the day, rounded", ("ap_avg",), 0, 400),
    Column("kp_sum", _KP, "sum of the eight Kp of the day", (), 0, 72),
)
#: One row per 3 hours.
THREE_HOURLY: tuple[Column, ...] = (
    Column("start", "UTC", "start of the 3 hours", ("time",)),
    Column("kp", _KP, "planetary index, logarithmic", (), 0, 9),
    Column("ap", _AP, "planetary index, linear", (), 0, 400),
)


def daily_table(weather: SpaceWeather) -> pl.DataFrame:
    """One row per day, columns as in DAILY; null where unknown."""
    flux = clean_flares(weather.f107, weather.f107_adjusted)
    obs, adj = flux.f107, flux.f107_adjusted
    last = 2 * HALF_WINDOW
    table = pl.DataFrame(
        {
            "date": weather.days,
            "f107_obs": weather.f107,
            "f107_adj": weather.f107_adjusted,
            "f107_obs_center81": window_mean(obs, HALF_WINDOW, HALF_WINDOW),
            "f107_obs_last81": window_mean(obs, last, 0),
            "f107_adj_center81": window_mean(adj, HALF_WINDOW, HALF_WINDOW),
            "f107_adj_last81": window_mean(adj, last, 0),
            "f107_replaced": flux.replaced,
            "ap_daily": weather.ap_daily,
            "kp_sum": weather.kp_sum,
        }
    )
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def three_hourly_table(weather: SpaceWeather) -> pl.DataFrame:
    """One row per 3 hours, columns as in THREE_HOURLY; null where unknown."""
    first = weather.days[0].astype("datetime64[h]")
    start = first + np.arange(len(weather) * PER_DAY) * INTERVAL_HOURS
    table = pl.DataFrame(
        {
            "start": start.astype("datetime64[ms]"),
            "kp": weather.kp.ravel(),
            "ap": weather.ap.ravel(),
        }
    )
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))
