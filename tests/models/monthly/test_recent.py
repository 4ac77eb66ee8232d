"""Medians of the newest values, and what the same season was before."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.monthly.recent import WINDOWS, RecentValues


def run(values: list[float], season: int = 4, horizon: int = 2) -> FloatArray:
    """Forecasts of one series, rule × lead."""
    recent = RecentValues(season, horizon, 1)
    for value in values:
        recent.step(np.array([value]))
    return recent.forecast()[:, 0]


def test_the_median_of_three_forgets_the_middle_outlier() -> None:
    rules = run([5.0, 1.0, 100.0, 2.0])
    np.testing.assert_array_equal(rules[WINDOWS.index(3)], [2.0, 2.0])


def test_the_window_of_one_repeats_the_last_value() -> None:
    np.testing.assert_array_equal(run([1.0, 7.0])[WINDOWS.index(1)], [7.0, 7.0])


def test_the_same_season_is_repeated_averaged_and_its_median_taken() -> None:
    rules = run([1, 2, 3, 4, 11, 12, 13, 14, 31, 32, 33, 34])
    np.testing.assert_array_equal(rules[len(WINDOWS)], [31.0, 32.0])
    np.testing.assert_array_equal(rules[len(WINDOWS) + 1], [21.0, 22.0])
    np.testing.assert_array_equal(rules[len(WINDOWS) + 2], [11.0, 12.0])


def test_leads_beyond_a_season_repeat_the_newest_one() -> None:
    rules = run([1.0, 2.0, 3.0, 4.0], season=2, horizon=4)
    np.testing.assert_array_equal(rules[len(WINDOWS)], [3.0, 4.0, 3.0, 4.0])


def test_a_series_of_one_value_is_repeated_and_an_empty_one_is_zero() -> None:
    one = run([np.nan, 6.0])
    assert set(one[:-1].ravel()) == {6.0}
    assert not run([np.nan]).any()


def test_the_last_rule_is_zero_for_series_of_many_zeros() -> None:
    np.testing.assert_array_equal(run([3.0, 4.0])[-1], [0.0, 0.0])
