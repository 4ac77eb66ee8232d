"""Dates in files, and the gapless time axis that a panel lives on.

The frequency is always stated by the caller. A period is held as the date of
its first day; its label is "2013-07", "2013-Q3", "2013-W27" or "2013-07-31".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

import polars as pl

from models.errors import DataError

Frequency = Literal["monthly", "quarterly", "weekly", "daily"]

PERIODS_PER_YEAR: dict[Frequency, int] = {
    "monthly": 12,
    "quarterly": 4,
    "weekly": 52,
    "daily": 252,
}
#: Usual days between neighbouring periods; a file's own step is checked against it.
STEP_DAYS: dict[Frequency, tuple[int, int]] = {
    "daily": (1, 5),
    "weekly": (6, 9),
    "monthly": (26, 35),
    "quarterly": (80, 100),
}
_EVERY: dict[Frequency, str] = {"monthly": "1mo", "quarterly": "1q", "weekly": "1w"}
_FORMATS = (
    *("%Y-%m", "%Y-%m-%d", "%Y/%m", "%Y/%m/%d", "%Y%m", "%Y%m%d", "%d.%m.%Y", "%Y.%m.%d"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
    *("%b %Y", "%b-%Y", "%b-%y", "%B %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%m/%Y", "quarter", "month", "week"),
)
#: The time of day says nothing about a period.
_TIME_OF_DAY = re.compile(
    r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?( ?[AP]M)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?$"
)
#: Day zero of spreadsheets; their whole numbers from 1940 to 2099 have five digits.
_SHEET_ZERO = date(1899, 12, 30).toordinal()
_SHEET_DAYS = range(14_611, 73_051)
_EARLIEST, _LATEST = date(1800, 1, 1), date(2200, 1, 1)
_SAMPLE = 60


def check_frequency(frequency: str) -> Frequency:
    """Return the frequency, or raise DataError that lists the known ones."""
    for known in PERIODS_PER_YEAR:
        if frequency == known:
            return known
    raise DataError(
        f"--frequency: expected one of {', '.join(PERIODS_PER_YEAR)}; got {frequency!r}"
    )


def _parse_one(text: str, pattern: str) -> date | None:
    try:
        if pattern == "quarter":
            match = re.fullmatch(r"(\d{4})[- ]?[Qq]([1-4])", text)
            return date(int(match[1]), 3 * int(match[2]) - 2, 1) if match else None
        if pattern == "month":
            match = re.fullmatch(r"(\d{4})[Mm](\d{1,2})", text)
            return date(int(match[1]), int(match[2]), 1) if match else None
        if pattern == "week":
            match = re.fullmatch(r"(\d{4})-?W(\d{2})", text)
            return date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
        # strptime reads "20131" as %Y%m; a fixed width keeps day numbers out of months.
        if pattern in ("%Y%m", "%Y%m%d") and len(text) != (6 if pattern == "%Y%m" else 8):
            return None
        found = datetime.strptime(text, pattern).date()
    except ValueError:
        return None
    return found if _EARLIEST <= found <= _LATEST else None


def parse_dates(texts: Sequence[str]) -> dict[str, date]:
    """Read dates that share one format; texts that do not fit it are left out.

    Raises DataError when day-first and month-first read every text, differently.
    """
    unique = sorted(set(texts))
    bare = {text: _TIME_OF_DAY.sub("", text.strip()) for text in unique}
    sample = unique[:: max(1, len(unique) // _SAMPLE)]
    scores = {f: sum(_parse_one(bare[t], f) is not None for t in sample) for f in _FORMATS}
    best = max(scores.values(), default=0)
    if best == 0:
        return {}
    readings: list[dict[str, date]] = []
    for pattern in (f for f, score in scores.items() if score == best):
        parsed = ((t, _parse_one(bare[t], pattern)) for t in unique)
        readings.append({t: d for t, d in parsed if d is not None})
    return _only_reading(readings, unique[0])


def _only_reading(readings: list[dict[str, date]], example: str) -> dict[str, date]:
    longest = max(len(reading) for reading in readings)
    rivals = [reading for reading in readings if len(reading) == longest]
    if all(reading == rivals[0] for reading in rivals):
        return rivals[0]
    # 01/01, 02/01, 03/01 ...: months whose first day stands for them, not days of January.
    steady = [r for r in rivals if longest > 2 and len({day.day for day in r.values()}) == 1]
    if len(steady) == 1:
        return steady[0]
    raise DataError(
        f"dates such as {example!r} can be read day-first or month-first; write them as YYYY-MM-DD"
    )


def days_of(column: pl.Series) -> pl.Series:
    """Read a column of dates, texts or numbers such as 201307 as days; null where it is none.

    Numbers of five digits are read as a spreadsheet's days, if nothing else fits.
    Raises DataError for dates that can be read in two ways.
    """
    if column.dtype in (pl.Date, pl.Datetime):
        return column.cast(pl.Date)
    whole = column.dtype.is_float() and bool((column.drop_nulls() % 1 == 0).all())
    texts = (column.cast(pl.Int64) if whole else column).cast(pl.String).str.strip_chars()
    unique = texts.drop_nulls().unique().to_list()
    days = parse_dates(unique) or _sheet_days(unique)
    return texts.replace_strict(days, default=None, return_dtype=pl.Date)


def _sheet_days(texts: Sequence[str]) -> dict[str, date]:
    numbers = {t: int(t.removesuffix(".0")) for t in texts if re.fullmatch(r"\d{5}(\.0)?", t)}
    return {t: date.fromordinal(_SHEET_ZERO + n) for t, n in numbers.items() if n in _SHEET_DAYS}


def period_of(day: pl.Expr, frequency: Frequency) -> pl.Expr:
    """Return the first day of the period that holds `day`."""
    return day if frequency == "daily" else day.dt.truncate(_EVERY[frequency])


def period_number(period: pl.Expr, frequency: Frequency) -> pl.Expr:
    """Return a whole number that grows by one from each period to the next.

    Days count among the days that the column holds, see `period_axis`.
    """
    if frequency == "daily":
        return period.rank("dense").cast(pl.Int64)
    if frequency == "weekly":
        return period.dt.epoch("d").cast(pl.Int64).floordiv(7)
    per_year = PERIODS_PER_YEAR[frequency]
    month = period.dt.month().cast(pl.Int64) - 1
    return period.dt.year().cast(pl.Int64) * per_year + month.floordiv(12 // per_year)


def period_axis(periods: pl.Series, frequency: Frequency) -> list[date]:
    """Return every period from the first to the last of `periods`, ascending.

    Daily axes hold the days on which any series was observed: exchanges close
    on days that no calendar rule knows.
    """
    days = periods.unique().sort()
    if frequency == "daily" or days.is_empty():
        return days.to_list()
    return pl.date_range(days[0], days[-1], interval=_EVERY[frequency], eager=True).to_list()


def period_label(period: date, frequency: Frequency) -> str:
    """Return the label of a period, e.g. "2013-07"."""
    if frequency == "quarterly":
        return f"{period:%Y}-Q{(period.month + 2) // 3}"
    return period.strftime({"monthly": "%Y-%m", "weekly": "%G-W%V", "daily": "%Y-%m-%d"}[frequency])


def guess_step(days: float) -> Frequency | None:
    """Return the frequency whose usual step holds `days`, or None."""
    return next((f for f, (low, high) in STEP_DAYS.items() if low <= days <= high), None)
