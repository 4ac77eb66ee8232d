"""What was published of space weather by a moment, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from models.emulators.driver_issue import IssueDelays, as_known_at
from models.errors import ConfigError, DataError
from tests.models.emulators.driver_tables import table


def at(text: str) -> np.datetime64:
    return np.datetime64(text)


@pytest.mark.parametrize(
    ("moment", "intervals", "flux_day"),
    [
        ("2001-01-03T03:59:59", 0, "2001-01-02"),
        ("2001-01-03T04:00:00", 1, "2001-01-02"),
        ("2001-01-03T21:59", 6, "2001-01-02"),
        ("2001-01-03T22:00", 7, "2001-01-03"),
        ("2001-01-04T00:59", 7, "2001-01-03"),
        ("2001-01-04T01:00", 8, "2001-01-03"),
    ],
)
def test_kp_is_out_an_hour_after_its_interval_and_f107_at_22_utc(
    moment: str, intervals: int, flux_day: str
) -> None:
    known = as_known_at(table(), at(moment))
    assert np.isfinite(known.kp[2]).sum() == intervals
    assert known.last_f107 == at(flux_day)
    assert known.as_of == at(moment)


def test_no_day_after_the_moment_is_left() -> None:
    assert as_known_at(table(), at("2001-01-03T23")).last == at("2001-01-03")


def test_a_moment_after_the_table_knows_all_of_it() -> None:
    known = as_known_at(table(), at("2003-01-01"))
    assert known.f107.tolist() == table().f107.tolist()
    assert known.last == table().last


def test_the_daily_ap_is_unknown_until_the_day_is_over() -> None:
    assert np.isnan(as_known_at(table(), at("2001-01-03T23")).ap_daily[-1])


def test_delays_can_be_set() -> None:
    slow = IssueDelays(kp_hours=6, f107_hours=30)
    known = as_known_at(table(), at("2001-01-03T05:00"), slow)
    assert known.last_kp_end == at("2001-01-02T21")
    assert known.last_f107 == at("2001-01-01")


def test_a_moment_before_the_table_and_impossible_delays_are_refused() -> None:
    with pytest.raises(DataError, match="the table begins on 2001-01-01"):
        as_known_at(table(), at("2000-12-31T12"))
    with pytest.raises(ConfigError, match="f107_hours: expected 20 or more"):
        IssueDelays(f107_hours=12)
    with pytest.raises(ConfigError, match="kp_hours: expected 0 or more, got -1"):
        IssueDelays(kp_hours=-1)
