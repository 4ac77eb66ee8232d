"""What is read of a series: its own past, never NaN, never the future."""

from __future__ import annotations

import numpy as np

from models.baselines.history import (
    known_or,
    lookback_values,
    mean_so_far,
    newest_value,
    seasonal_values,
)
from tests.models.baselines.panels import windows_of

NAN = float("nan")


def test_the_mean_so_far_grows_by_one_value_at_a_time() -> None:
    windows = windows_of([[1.0, 3.0, 8.0]], lookback=1)
    np.testing.assert_allclose(mean_so_far(windows), [1.0, 2.0, 4.0])


def test_a_gap_is_not_counted_in_the_mean() -> None:
    windows = windows_of([[1.0, NAN, 5.0]], lookback=1)
    np.testing.assert_allclose(mean_so_far(windows), [1.0, 1.0, 3.0])


def test_a_series_without_a_value_gets_the_mean_of_all_series_so_far() -> None:
    windows = windows_of([[2.0, 4.0], [6.0, NAN], [NAN, NAN]], lookback=1)
    assert mean_so_far(windows)[-2:].tolist() == [4.0, 4.0]  # (2 + 6) / 2, (2 + 6 + 4) / 3


def test_without_any_value_in_the_panel_the_mean_is_zero() -> None:
    assert mean_so_far(windows_of([[NAN, NAN]], lookback=1)).tolist() == [0.0, 0.0]


def test_the_newest_value_is_held_over_a_gap() -> None:
    windows = windows_of([[NAN, 3.0, NAN, NAN, 7.0], [5.0] * 5], lookback=1)
    # At first the series has none, and gets the other one's.
    assert newest_value(windows)[:5].tolist() == [5.0, 3.0, 3.0, 3.0, 7.0]


def test_the_look_back_ends_at_the_origin_and_its_gaps_hold_the_mean() -> None:
    windows = windows_of([[2.0, NAN, 4.0, 9.0]], lookback=3)
    assert lookback_values(windows).tolist() == [[2.0, 3.0, 4.0], [5.0, 4.0, 9.0]]


def test_the_same_season_is_read_for_each_horizon() -> None:
    windows = windows_of([[1.0, 2.0, 3.0, 4.0, 5.0]], horizons=(1, 3, 4), lookback=5)
    # Seasons of three: one ahead is time 2, three ahead is now, four ahead is time 2 again.
    assert seasonal_values(windows, 3).tolist() == [[3.0, 5.0, 3.0]]


def test_a_missing_season_is_taken_from_the_year_before() -> None:
    windows = windows_of([[1.0, 2.0, NAN, 4.0]], horizons=(1, 2), lookback=4)
    # One ahead: time 2 is missing, time 0 is there. Two ahead: now.
    assert seasonal_values(windows, 2).tolist() == [[1.0, 4.0]]


def test_a_season_never_seen_gets_the_mean() -> None:
    windows = windows_of([[NAN, 2.0, NAN, 4.0]], horizons=(1,), lookback=4)
    assert seasonal_values(windows, 2).tolist() == [[3.0]]


def test_a_known_feature_comes_before_the_history() -> None:
    windows = windows_of([[1.0, 2.0]], horizons=(1, 2), lookback=2, known={"last": [[8.0, 9.0]]})
    assert known_or(windows, "last", newest_value).tolist() == [[9.0, 9.0]]
    assert known_or(windows, "other", newest_value).tolist() == [[2.0, 2.0]]
