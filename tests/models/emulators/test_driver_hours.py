"""Hourly drivers from daily F10.7 and 3-hourly Kp, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.emulators.driver_hours import hourly_drivers, window_mean
from models.emulators.drivers import COLUMNS
from models.errors import ConfigError, DataError
from tests.models.emulators.driver_tables import FIRST, table

DAY = FIRST + 100
NOON = DAY.astype("datetime64[h]") + 13


def test_every_column_at_one_hour_is_as_worked_by_hand() -> None:
    drivers = hourly_drivers(table(), NOON, NOON)
    # 13 UTC lies in the fifth interval: number 804 from the start, Kp in thirds 804 % 28 = 20.
    expected = {
        "f107": 110.0,
        "f107_previous": 109.9,
        "f107_adjusted": 109.0,
        "f107_mean": 110.0,
        "f107_trailing": 106.0,
        "kp": 20 / 3,
        "ap": 111,
        "ap_3": 94,
        "ap_6": 80,
        "ap_9": 67,
        # Thirds 16, 15, ... 9, then 8, 7, ... 1.
        "ap_12_33": (56 + 48 + 39 + 32 + 27 + 22 + 18 + 15) / 8,
        "ap_36_57": (12 + 9 + 7 + 6 + 5 + 4 + 3 + 2) / 8,
        # Thirds 16 to 23 of the UTC day.
        "ap_daily": round((56 + 67 + 80 + 94 + 111 + 132 + 154 + 179) / 8),
    }
    assert list(expected) == list(COLUMNS)
    for name, value in expected.items():
        assert drivers.column(name)[0] == pytest.approx(value), name


def test_the_trailing_mean_can_stand_for_the_centred_one() -> None:
    trailing = hourly_drivers(table(), NOON, NOON, mean="trailing")
    assert trailing.column("f107_mean")[0] == pytest.approx(106.0)


def test_values_change_with_the_interval_and_with_the_day() -> None:
    drivers = hourly_drivers(table(), NOON, NOON + 24)
    kp = drivers.column("kp")
    # 13 and 14 UTC belong to 12-15 UTC, 15 UTC to the next.
    assert kp[0] == kp[1] != kp[2]
    assert drivers.column("f107")[10] == pytest.approx(110.0)
    assert drivers.column("f107")[11] == pytest.approx(110.1)


def test_flares_are_out_of_the_value_and_out_of_the_means() -> None:
    flux = np.full(200, 100.0)
    flux[100] = 900.0
    drivers = hourly_drivers(table(f107=flux, f107_adjusted=flux), NOON, NOON)
    for name in ("f107", "f107_mean", "f107_trailing", "f107_adjusted"):
        assert drivers.column(name)[0] == pytest.approx(100.0), name


def test_a_stated_column_replaces_the_computed_one_where_it_is_a_number() -> None:
    stated = {"f107_mean": np.array([77.0, np.nan])}
    drivers = hourly_drivers(table(), NOON, NOON + 1, stated=stated)
    assert drivers.column("f107_mean").tolist() == pytest.approx([77.0, 110.0])


def test_near_the_end_the_mean_so_far_needs_no_days_to_come() -> None:
    late = FIRST.astype("datetime64[h]") + 24 * 190
    with pytest.raises(DataError, match=r"f107_mean .* at 2001-07-10T00 .*needs no later days"):
        hourly_drivers(table(), late, late)
    # Days 150 to 199 of 150 to 230 are known.
    mean = hourly_drivers(table(), late, late, mean="so_far").column("f107_mean")[0]
    assert mean == pytest.approx(100 + (150 + 199) / 20)


@pytest.mark.parametrize("day", [79, 200])
def test_hours_that_the_table_does_not_reach_are_refused_with_its_span(day: int) -> None:
    hour = FIRST.astype("datetime64[h]") + 24 * day
    with pytest.raises(DataError, match=r"F10.7 from 2001-01-01 to 2001-07-19 and Kp to"):
        hourly_drivers(table(), hour, hour, mean="trailing")


def test_an_unknown_kp_is_named_with_its_hour() -> None:
    kp = table().kp
    kp[100, 4] = np.nan
    with pytest.raises(DataError, match=r"drivers: kp \(Kp now\) at 2001-04-11T13 cannot be told"):
        hourly_drivers(table(kp=kp), NOON, NOON)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="mean: expected centred, trailing, so_far, got 'median'"):
        hourly_drivers(table(), NOON, NOON, mean="median")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="expected first hour <= last hour"):
        hourly_drivers(table(), NOON, NOON - 1)


def test_the_mean_of_a_window_asks_for_as_many_values_as_are_needed() -> None:
    values = np.array([1.0, np.nan, 3.0, 5.0])
    np.testing.assert_allclose(window_mean(values, 1, 1), [np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(window_mean(values, 1, 1, needed=2), [np.nan, 2.0, 4.0, 4.0])
