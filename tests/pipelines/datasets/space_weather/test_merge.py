"""Joining two tables of space weather."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.emulators.driver_weather import SpaceWeather
from models.errors import DataError
from pipelines.datasets.space_weather.merge import check_gaps, merge
from tests.pipelines.datasets.space_weather.texts import FIRST, expected, same


def test_the_newer_value_wins_and_an_unknown_one_does_not() -> None:
    old, new = expected(2), expected(2)
    new.f107[0], new.f107[1], new.kp[0, 0] = 99.0, np.nan, 5.0
    both = merge(old, new)
    assert both.f107.tolist() == [99.0, 151.0]
    assert both.kp[0, :2].tolist() == pytest.approx([5.0, 1 / 3])


def test_days_of_both_are_there_and_those_of_neither_unknown() -> None:
    early = expected(1)
    late = replace(expected(1), first=FIRST + 2)
    both = merge(late, early)
    assert both.days.astype(str).tolist() == ["2025-07-01", "2025-07-02", "2025-07-03"]
    assert np.isnan(both.f107).tolist() == [False, True, False]


def test_sources_are_named_once_and_the_newer_time_is_kept() -> None:
    now = np.datetime64("2025-07-03T00:00:00")
    a, b = replace(expected(1), source="a"), replace(expected(1), source="b", as_of=now)
    assert merge(merge(a, b), b).source == "a + b"
    assert merge(a, b).as_of == now
    assert merge(b, a).as_of == now


def test_a_whole_table_has_no_gaps_and_its_open_end_is_none() -> None:
    weather = expected(3)
    weather.f107[2], weather.kp[2, 4:] = np.nan, np.nan
    check_gaps(weather)
    assert same(merge(weather, expected(3)), expected(3))


def test_the_first_missing_kp_is_named() -> None:
    weather = replace(expected(3), source="sw")
    weather.kp[1, 2:4] = np.nan
    with pytest.raises(DataError, match=r"sw: Kp of 2025-07-02T06:00 is missing \(2 of 24 values"):
        check_gaps(weather)


def test_three_days_of_f107_may_be_missing_and_four_may_not() -> None:
    weather = expected(9)
    weather.f107[1:4] = weather.f107_adjusted[1:4] = np.nan
    check_gaps(weather)
    weather.f107[4] = np.nan
    with pytest.raises(DataError, match=r"F10.7 of 2025-07-02 is missing \(4 of 9 values\)"):
        check_gaps(weather)


def test_a_half_without_the_other_is_refused() -> None:
    half = SpaceWeather(FIRST, np.full(1, np.nan), np.full(1, np.nan), np.ones((1, 8)), "half")
    with pytest.raises(DataError, match=r"half: no F10.7 at all; give a source that has it"):
        check_gaps(half)
