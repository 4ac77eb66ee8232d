"""Read space weather from text, whatever its layout; told by content, never by name.

CelesTrak   SW-All.csv, SW-Last5Years.csv: Kp in tenths, predicted days after the observed
GFZ         Kp_ap_Ap_SN_F107_since_1932.txt: fixed columns, -1 where missing
halves      a CSV of daily F10.7 (f107_obs, f107_adj) or of 3-hourly Kp and ap (time = the
            middle of the 3 hours); give both and merge them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.driver_weather import INTERVAL_HOURS, PER_DAY, SpaceWeather
from models.errors import DataError
from pipelines.datasets.space_weather.cells import DayRows, check_order, to_weather
from pipelines.datasets.space_weather.text_table import TextTable, from_csv

FloatArray = npt.NDArray[np.floating[Any]]
_EIGHT = range(1, PER_DAY + 1)
GFZ_COLUMNS = (
    *("year", "month", "day", "days", "days_m", "Bsr", "dB"),
    *(f"Kp{i}" for i in _EIGHT),
    *(f"ap{i}" for i in _EIGHT),
    *("Ap", "SN", "F10.7obs", "F10.7adj", "D"),
)


@dataclass(frozen=True)
class Reading:
    """What a file holds: observed days, and days that it predicts (CelesTrak), kept apart."""

    observed: SpaceWeather
    predicted: SpaceWeather | None = None


def read_text(text: str, file: str) -> Reading:
    """Read the text of a file; `file` is its name in messages.

    Raises DataError for an unknown layout and for the first fault, with line and column.
    """
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line), "")
    for recognise, read in _LAYOUTS:
        if recognise(first):
            return read(text, file)
    raise DataError(
        f"{file}: not a file of space weather that is known (CelesTrak SW-*.csv, GFZ "
        f"Kp_ap_Ap_SN_F107, CSV of f107_obs and f107_adj or of Ap and Kp); it begins {first[:40]!r}"
    )


def _read_celestrak(text: str, file: str) -> Reading:
    table = from_csv(text, file)
    rows = DayRows(
        table,
        table.times("DATE"),
        table.numbers("F10.7_OBS"),
        table.numbers("F10.7_ADJ"),
        np.stack([table.numbers(f"KP{i}") for i in _EIGHT], axis=1) / 10.0,
        np.stack([table.numbers(f"AP{i}") for i in _EIGHT], axis=1),
    )
    kinds = np.array(table.texts("F10.7_DATA_TYPE"))
    # PRM rows stand for months; only the daily predictions (PRD) make a table of days.
    daily = kinds == "PRD"
    observed = ~np.char.startswith(kinds, "PR")
    if not observed.any():
        raise DataError(f"{file}: no observed days, only predicted ones; fetch another file")
    predicted = to_weather(rows.take(daily), strict=False) if daily.any() else None
    return Reading(to_weather(rows.take(observed)), predicted)


def _read_gfz(text: str, file: str) -> Reading:
    numbered = enumerate(text.splitlines(), 1)
    kept = [(i, line) for i, line in numbered if line.strip() and not line.startswith("#")]
    table = TextTable(file, GFZ_COLUMNS, [line.split() for _, line in kept], [i for i, _ in kept])
    parts = zip(*(table.texts(name) for name in ("year", "month", "day")), strict=True)
    dated = TextTable(file, ("date",), [["-".join(part)] for part in parts], table.lines)
    rows = DayRows(
        table,
        dated.times("date"),
        _no_zero(table.numbers("F10.7obs", missing=-1)),
        _no_zero(table.numbers("F10.7adj", missing=-1)),
        np.stack([table.numbers(f"Kp{i}", missing=-1) for i in _EIGHT], axis=1),
        np.stack([table.numbers(f"ap{i}", missing=-1) for i in _EIGHT], axis=1),
    )
    return Reading(to_weather(rows))


def _no_zero(flux: FloatArray) -> FloatArray:
    """F10.7 begins in 1947, and a file of all years may write 0 before."""
    return np.asarray(np.where(flux == 0, np.nan, flux))


def _read_daily(text: str, file: str) -> Reading:
    table = from_csv(text, file)
    unknown = np.full((len(table.rows), PER_DAY), np.nan)
    rows = DayRows(
        table,
        table.times(table.names[0]),
        table.numbers("f107_obs"),
        table.numbers("f107_adj"),
        unknown,
        unknown,
    )
    return Reading(to_weather(rows))


def _read_three_hourly(text: str, file: str) -> Reading:
    table = from_csv(text, file)
    step = np.timedelta64(INTERVAL_HOURS * 60, "m")
    starts = table.times(table.names[0], "m") - step // 2
    check_order(table, starts, step, "interval")
    offset = int((starts[0] - starts[0].astype("datetime64[D]")) // step)
    if starts[0] != starts[0].astype("datetime64[D]") + offset * step:
        raise DataError(
            f"{table.where(0, table.names[0])}: expected the middle of 3 hours such as 01:30, "
            f"got {table.texts(table.names[0])[0]!r}"
        )
    days = -(-(offset + len(starts)) // PER_DAY)
    kp, ap = np.full((2, days * PER_DAY), np.nan)
    kp[offset : offset + len(starts)] = table.numbers("Kp")
    ap[offset : offset + len(starts)] = table.numbers("Ap")
    row_of_day = np.maximum(np.arange(days) * PER_DAY - offset, 0)
    by_day = TextTable(
        file, table.names, [table.rows[i] for i in row_of_day], [table.lines[i] for i in row_of_day]
    )
    unknown = np.full(days, np.nan)
    first = starts[0].astype("datetime64[D]")
    rows = DayRows(
        by_day,
        np.asarray(first + np.arange(days)),
        unknown,
        unknown,
        kp.reshape(days, PER_DAY),
        ap.reshape(days, PER_DAY),
    )
    return Reading(to_weather(rows))


def _is_gfz(first: str) -> bool:
    return first.startswith("#") or len(first.split()) == len(GFZ_COLUMNS)


#: How the first line tells the layout, and its reader.
_LAYOUTS: tuple[tuple[Callable[[str], bool], Callable[[str, str], Reading]], ...] = (
    (lambda first: first.startswith("DATE,BSRN,"), _read_celestrak),
    (lambda first: "f107_obs" in first.split(",") and "," in first, _read_daily),
    (lambda first: first.split(",")[1:] == ["Ap", "Kp"], _read_three_hourly),
    (_is_gfz, _read_gfz),
)
