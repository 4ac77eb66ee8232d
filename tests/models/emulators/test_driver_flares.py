"""Flares are taken out of F10.7, real days stay."""

from __future__ import annotations

import numpy as np
import pytest

from models.emulators.driver_flares import FlareRules, clean_flares

NAN = float("nan")
# 24 October to 5 November 2003, as DRAO published it.
AUTUMN_2003 = [190.6, 221.5, 298.3, 257.2, 274.4, 291.7, 271.4, 248.9, 210.4, 190.4, 166.9, 560.9]


def replaced(values: list[float], rules: FlareRules | None = None) -> list[int]:
    """Positions that cleaning replaces."""
    flux = np.array(values)
    return np.flatnonzero(clean_flares(flux, flux, rules).replaced).tolist()


def test_the_flare_of_november_2003_goes_and_the_active_october_stays() -> None:
    flux = np.array([*AUTUMN_2003, 114.0, 97.8])
    cleaned = clean_flares(flux, 2.0 * flux)
    assert np.flatnonzero(cleaned.replaced).tolist() == [11]
    # Half way, in the logarithm, between 166.9 and 114.0.
    assert cleaned.f107[11] == pytest.approx(np.sqrt(166.9 * 114.0))
    assert cleaned.f107_adjusted[11] == pytest.approx(2.0 * np.sqrt(166.9 * 114.0))
    assert cleaned.f107[:11].tolist() == AUTUMN_2003[:11]


def test_on_the_day_itself_the_flare_is_held_back_at_the_day_before() -> None:
    flux = np.array(AUTUMN_2003)
    cleaned = clean_flares(flux, flux)
    assert cleaned.replaced[-1]
    assert cleaned.f107[-1] == pytest.approx(166.9)


def test_a_rise_that_real_activity_can_make_is_not_held_back() -> None:
    # 26 October 2003, the largest rise of a day without a flare at 20 UTC.
    assert replaced(AUTUMN_2003[:3]) == []


def test_a_flare_of_two_days_goes_as_a_whole() -> None:
    assert replaced([223.1, 204.8, 398.7, 563.5, 179.5, 169.2]) == [2, 3]


def test_two_flares_beside_an_ordinary_day_leave_that_day() -> None:
    # September 2005: flares of the 7th and the 9th, the 8th between them is real.
    assert replaced([75.0, 83.4, 117.0, 94.1, 707.6, 116.0, 109.7]) == [2, 4]


def test_a_misprint_far_below_both_neighbours_goes() -> None:
    assert replaced([94.0, 98.3, 56.8, 96.6, 101.7]) == [2]


def test_the_rule_is_a_ratio_so_that_scale_does_not_matter() -> None:
    values = np.array([100.0, 100.0, 119.0, 100.0, 121.0, 100.0, 100.0])
    assert replaced(list(values)) == replaced(list(3.0 * values)) == [4]


def test_later_days_do_not_change_what_earlier_ones_were_cleaned_to() -> None:
    flux = np.array([*AUTUMN_2003, 114.0, 97.8])
    other = flux.copy()
    other[-1] = 500.0
    first = clean_flares(flux, flux).f107[:10]
    assert first.tobytes() == clean_flares(other, other).f107[:10].tobytes()


def test_short_gaps_are_filled_and_said_to_be_and_longer_ones_stay() -> None:
    flux = np.array([100.0, NAN, 121.0, NAN, NAN, NAN, NAN, 100.0, NAN])
    cleaned = clean_flares(flux, flux)
    assert np.flatnonzero(cleaned.replaced).tolist() == [1]
    assert cleaned.f107[1] == pytest.approx(110.0)
    assert np.flatnonzero(np.isnan(cleaned.f107)).tolist() == [3, 4, 5, 6, 8]


def test_a_single_day_and_an_unknown_table_are_left_alone() -> None:
    assert replaced([500.0]) == []
    assert replaced([NAN, NAN]) == []
