"""Distances between period labels: "2013-07", "2013-Q3", "2013-W27" and "2013-07-31"."""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from models.errors import ModelError

_PATTERNS = {
    12: re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    4: re.compile(r"(\d{4})-Q([1-4])"),
    52: re.compile(r"(\d{4})-W(0[1-9]|[1-4]\d|5[0-3])"),
}


def steps_between(first: str, last: str, periods_per_year: int) -> int:
    """Number of periods from `first` to `last`, negative when `last` is earlier.

    Days are counted as weekdays. Raises ModelError for a label of another frequency.
    """
    if periods_per_year == 252:
        days = (_day(first), _day(last))
        return int(np.busday_count(*days))
    return _number(last, periods_per_year) - _number(first, periods_per_year)


def _number(label: str, periods_per_year: int) -> int:
    pattern = _PATTERNS.get(periods_per_year)
    found = pattern.fullmatch(label) if pattern else None
    if found is None:
        raise _unreadable(label, periods_per_year)
    year, part = int(found[1]), int(found[2])
    if periods_per_year == 52:
        try:
            return date.fromisocalendar(year, part, 1).toordinal() // 7
        except ValueError as error:  # week 53 of a year that has 52
            raise _unreadable(label, periods_per_year) from error
    return year * periods_per_year + part - 1


def _day(label: str) -> date:
    try:
        return date.fromisoformat(label)
    except ValueError as error:
        raise _unreadable(label, 252) from error


def _unreadable(label: str, periods_per_year: int) -> ModelError:
    examples = {12: "2013-07", 4: "2013-Q3", 52: "2013-W27", 252: "2013-07-31"}
    like = examples.get(periods_per_year)
    if like is None:
        return ModelError(f"periods_per_year: expected 4, 12, 52 or 252, got {periods_per_year}")
    return ModelError(f"period {label!r}: expected one like {like!r}")
