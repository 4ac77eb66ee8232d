"""The official table of Kp and ap."""

from __future__ import annotations

import numpy as np

from models.emulators.driver_kp import AP_OF_THIRDS, ap_to_kp, kp_thirds, kp_to_ap


def test_the_table_has_the_values_of_the_official_one() -> None:
    # 0o, 0+, 1-, 3+, 5o, 9-, 9o as GFZ prints them.
    assert kp_to_ap([0, 1 / 3, 2 / 3, 10 / 3, 5, 26 / 3, 9]).tolist() == [0, 2, 3, 18, 48, 300, 400]


def test_kp_rounded_to_a_decimal_is_the_third_that_is_meant() -> None:
    assert kp_thirds([3.3, 3.7, 8.667, 2.33]).tolist() == [10, 11, 26, 7]
    assert kp_to_ap([3.3, 3.7]).tolist() == [18, 22]


def test_a_forecast_between_thirds_lies_between_their_ap() -> None:
    assert kp_to_ap(4.5) == 0.5 * (32 + 39)


def test_ap_and_kp_turn_into_each_other_and_back() -> None:
    steps = np.arange(28) / 3.0
    np.testing.assert_allclose(ap_to_kp(AP_OF_THIRDS), steps)
    np.testing.assert_allclose(ap_to_kp(kp_to_ap(2.5)), 2.5)


def test_unknown_stays_unknown() -> None:
    assert np.isnan(kp_to_ap(np.nan))
    assert np.isnan(ap_to_kp(np.nan))
