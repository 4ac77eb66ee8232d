"""Dates of every usual form, and the gapless axis."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from models.errors import DataError
from pipelines.datasets.periods import (
    Frequency,
    days_of,
    guess_step,
    parse_dates,
    period_axis,
    period_label,
    period_number,
    period_of,
)

JULY = date(2013, 7, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2013-07-31", "2013/07/31", "20130731", "31.07.2013", "2013.07.31", "31/07/2013"),
        *("07/31/2013", "31-07-2013", "07-31-2013", "31/07/13", "07/31/13", "31.07.13"),
        *("31-Jul-2013", "31-Jul-13", "31 Jul 2013", "31 July 2013", "Jul 31, 2013"),
        *("July 31, 2013", "2013-07-31 00:00:00", "2013-07-31T23:59:59.123Z", " 2013-07-31 "),
        *("7/31/2013 12:00:00 AM", "2013-07-31 00:00:00+00:00"),
    ],
)
def test_a_day_is_read_in_every_usual_form(text: str) -> None:
    assert parse_dates([text]) == {text: JULY}


@pytest.mark.parametrize(
    "text",
    ["2013-07", "2013/07", "201307", "Jul 2013", "Jul-2013", "Jul-13", "July 2013", "07/2013"],
)
def test_a_month_is_its_first_day(text: str) -> None:
    assert parse_dates([text]) == {text: date(2013, 7, 1)}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2013-Q3", date(2013, 7, 1)),
        ("2013Q3", date(2013, 7, 1)),
        ("2013m7", date(2013, 7, 1)),
        ("2013M07", date(2013, 7, 1)),
        ("2013-W27", date(2013, 7, 1)),
    ],
)
def test_quarters_months_and_weeks_are_their_first_day(text: str, day: date) -> None:
    assert parse_dates([text]) == {text: day}


@pytest.mark.parametrize(
    "text", ["", "soon", "2013-13", "2013-02-30", "20131", "1013-07", "2013-Q5", "2013m13"]
)
def test_what_is_no_date_is_left_out(text: str) -> None:
    assert parse_dates([text]) == {}


def test_one_day_above_twelve_settles_the_order_of_day_and_month() -> None:
    assert parse_dates(["01/02/2013", "31/01/2013"])["01/02/2013"] == date(2013, 2, 1)
    assert parse_dates(["01/02/2013", "01/31/2013"])["01/02/2013"] == date(2013, 1, 2)


def test_first_days_of_months_settle_it_too() -> None:
    texts = [f"{month:02d}/01/2013" for month in range(1, 13)]
    assert parse_dates(texts)["02/01/2013"] == date(2013, 2, 1)


def test_an_order_that_nothing_settles_is_refused() -> None:
    with pytest.raises(DataError, match="'01/02/2013' can be read day-first or month-first"):
        parse_dates(["01/02/2013", "03/04/2013"])


def test_the_same_day_both_ways_is_no_doubt() -> None:
    assert parse_dates(["05/05/2013"]) == {"05/05/2013": date(2013, 5, 5)}


def test_columns_of_days_times_and_numbers_are_read_alike() -> None:
    day = [JULY]
    assert days_of(pl.Series([JULY])).to_list() == day
    assert days_of(pl.Series([datetime(2013, 7, 31, 12, tzinfo=UTC)])).to_list() == day
    assert days_of(pl.Series([20130731])).to_list() == day
    assert days_of(pl.Series([201307.0, None])).to_list() == [date(2013, 7, 1), None]


def test_five_digits_are_the_days_of_a_spreadsheet() -> None:
    """Day 41,486 of a spreadsheet is 2013-07-31."""
    assert days_of(pl.Series(["41486", "41486.0"])).to_list() == [JULY, JULY]
    assert days_of(pl.Series(["10001"])).to_list() == [None]


@pytest.mark.parametrize(
    ("frequency", "first", "label"),
    [
        ("daily", JULY, "2013-07-31"),
        ("weekly", date(2013, 7, 29), "2013-W31"),
        ("monthly", date(2013, 7, 1), "2013-07"),
        ("quarterly", date(2013, 7, 1), "2013-Q3"),
    ],
)
def test_a_day_lies_in_its_period(frequency: Frequency, first: date, label: str) -> None:
    found = pl.DataFrame({"day": [JULY]}).select(period_of(pl.col("day"), frequency)).item()
    assert found == first
    assert period_label(found, frequency) == label


@pytest.mark.parametrize(
    ("frequency", "days"),
    [
        ("daily", [date(2013, 7, 31), date(2013, 8, 1)]),
        ("weekly", [date(2012, 12, 31), date(2013, 1, 7)]),
        ("monthly", [date(2012, 12, 1), date(2013, 1, 1)]),
        ("quarterly", [date(2012, 10, 1), date(2013, 1, 1)]),
    ],
)
def test_period_numbers_grow_by_one_over_the_turn_of_a_year(
    frequency: Frequency, days: list[date]
) -> None:
    numbers = pl.DataFrame({"p": days}).select(period_number(pl.col("p"), frequency)).to_series()
    assert numbers[1] - numbers[0] == 1


def test_the_axis_has_no_gaps_but_those_of_the_exchange() -> None:
    days = pl.Series([date(2013, 3, 1), date(2013, 1, 1)])
    assert period_axis(days, "monthly") == [date(2013, m, 1) for m in (1, 2, 3)]
    assert period_axis(days, "daily") == [date(2013, 1, 1), date(2013, 3, 1)]
    assert period_axis(pl.Series([], dtype=pl.Date), "monthly") == []


@pytest.mark.parametrize(("days", "expected"), [(1, "daily"), (7, "weekly"), (31, "monthly")])
def test_a_step_names_its_frequency(days: float, expected: str) -> None:
    assert guess_step(days) == expected
    assert guess_step(50) is None
