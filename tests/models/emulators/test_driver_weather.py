"""The table of space weather: what it holds and refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.emulators.driver_weather import SpaceWeather
from models.errors import DataError
from tests.models.emulators.driver_tables import table


def test_ap_and_the_sum_of_kp_follow_from_the_eight_kp_of_a_day() -> None:
    weather = table(1)
    # Kp 0, 1/3 ... 7/3 are ap 0, 2, 3, 4, 5, 6, 7, 9: their mean is 4.5, half to even 4.
    assert weather.ap[0].tolist() == [0, 2, 3, 4, 5, 6, 7, 9]
    assert weather.ap_daily.tolist() == [4]
    assert weather.kp_sum[0] == pytest.approx(28 / 3)


def test_the_last_known_values_are_told_with_their_time() -> None:
    weather = table(3)
    weather.f107[2] = np.nan
    weather.kp[2, 5:] = np.nan
    assert weather.last == np.datetime64("2001-01-03")
    assert weather.last_f107 == np.datetime64("2001-01-02")
    assert weather.last_kp_end == np.datetime64("2001-01-03T15")


def test_a_table_that_knows_nothing_has_no_last_values() -> None:
    nothing = table(1, f107=np.array([np.nan]), kp=np.full((1, 8), np.nan))
    assert nothing.last_f107 is None
    assert nothing.last_kp_end is None


def test_the_hash_changes_with_any_value_and_with_the_first_day() -> None:
    weather = table(3)
    changed = replace(weather, f107=weather.f107 + np.array([0, 0, 0.1]))
    moved = replace(weather, first=np.datetime64("2001-01-02"))
    assert len({weather.data_hash, changed.data_hash, moved.data_hash}) == 3
    assert table(3).data_hash == weather.data_hash


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("f107", 12.0, "made, 2001-01-02: expected F10.7 from 40 to 1500, got 12; correct"),
        ("f107_adjusted", 1e4, "made, 2001-01-02: expected adjusted F10.7 from 40 to 1500, got"),
        ("kp", 9.3, "made, 2001-01-02 from 00 UTC: expected Kp from 0 to 9, got 9.3; correct"),
    ],
)
def test_a_value_out_of_limits_is_named_with_its_day(part: str, value: float, message: str) -> None:
    values = getattr(table(3), part).copy()
    values[1] = value
    with pytest.raises(DataError, match=message):
        table(3, **{part: values})


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="kp of day × 8, got"):
        SpaceWeather(np.datetime64("2001-01-01"), np.ones(2), np.ones(2), np.ones((2, 7)))
