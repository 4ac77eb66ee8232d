"""Zonal gravity."""

from __future__ import annotations

import numpy as np
import pytest

from models.orbit.gravity import MU, RADIUS, ZONAL, gravity, potential


def test_zonal_coefficients_are_those_printed_for_egm_96() -> None:
    printed = {2: 1.0826266835e-3, 3: -2.5326564853e-6, 4: -1.6196215914e-6}
    for n, value in printed.items():
        assert ZONAL[n] == pytest.approx(value, rel=1e-9)
    assert sorted(ZONAL) == [2, 3, 4, 5, 6]


def test_acceleration_is_the_gradient_of_the_potential() -> None:
    rng = np.random.default_rng(1)
    places = rng.normal(size=(3, 50))
    places *= rng.uniform(6500, 7500, 50) / np.linalg.norm(places, axis=0)
    level, vertical = gravity(*places)
    found = np.stack([level * places[0], level * places[1], vertical])
    h = 0.5
    for axis in range(3):
        step = h * np.eye(3)[axis][:, None]
        # Central differences of fourth order.
        near = potential(*(places + step)) - potential(*(places - step))
        far = potential(*(places + 2 * step)) - potential(*(places - 2 * step))
        slope = (8 * near - far) / (12 * h)
        np.testing.assert_allclose(found[axis], slope, atol=2e-12)


def test_at_the_equator_j2_adds_one_and_a_half_of_itself() -> None:
    only_even = sum(
        ZONAL[n] * (n + 1) * legendre for n, legendre in ((2, -0.5), (4, 0.375), (6, -0.3125))
    )
    level, vertical = gravity(np.array([RADIUS]), np.array([0.0]), np.array([0.0]))
    # -mu/R2 (1 - sum (n + 1) J_n P_n(0)), since (d/dr) r^-(n+1) brings n + 1.
    assert level[0] * RADIUS == pytest.approx(-MU / RADIUS**2 * (1 - only_even), rel=1e-12)
    # Odd terms push along the axis: J_n P'_n(0), with P'_3(0) = -3/2 and P'_5(0) = 15/8.
    odd = ZONAL[3] * -1.5 + ZONAL[5] * 1.875
    assert vertical[0] == pytest.approx(-MU / RADIUS**2 * odd, rel=1e-9)


def test_at_the_pole_nothing_is_divided_by_zero() -> None:
    level, vertical = gravity(np.array([0.0]), np.array([0.0]), np.array([6700.0]))
    assert np.isfinite(level).all()
    sums = sum(ZONAL[n] * (n + 1) * (RADIUS / 6700.0) ** n for n in ZONAL)
    assert vertical[0] == pytest.approx(-MU / 6700.0**2 * (1 - sums), rel=1e-12)
