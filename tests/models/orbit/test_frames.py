"""Sidereal time, geodetic coordinates, and differences along the orbit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.orbit.frames import (
    EARTH_RATE,
    EQUATOR,
    POLE,
    earth_fixed,
    geodetic,
    radial_along_cross,
    sidereal_angle,
)


def test_sidereal_time_is_that_of_a_printed_example() -> None:
    # Vallado (2013), example 3-5: 1992-08-20 12:14 UT1 gives 152.578787886 degrees.
    found = math.degrees(sidereal_angle(np.datetime64("1992-08-20T12:14:00")))
    assert found == pytest.approx(152.578787886, abs=1e-6)


def test_the_rate_is_the_slope_of_sidereal_time() -> None:
    first, later = (np.datetime64(f"2003-11-{day}") for day in (18, 23))
    turned = (sidereal_angle(later) - sidereal_angle(first)) % (2 * math.pi)
    assert (EARTH_RATE * 5 * 86400) % (2 * math.pi) == pytest.approx(turned, abs=1e-8)


def test_geodetic_coordinates_come_back_to_a_billionth_of_a_degree() -> None:
    rng = np.random.default_rng(2)
    latitude = np.concatenate([rng.uniform(-90, 90, 4000), [-90.0, 0.0, 45.0, 90.0]])
    longitude = rng.uniform(-180, 180, len(latitude))
    height = rng.uniform(-10, 2000, len(latitude))
    found = geodetic(*earth_fixed(latitude, longitude, height))
    np.testing.assert_allclose(found[0], latitude, atol=1e-9)
    away = np.abs(latitude) < 89.999999
    np.testing.assert_allclose(found[1][away], longitude[away], atol=1e-9)
    np.testing.assert_allclose(found[2], height, atol=1e-8)


def test_heights_are_above_the_ellipsoid_not_the_sphere() -> None:
    latitude, _, height = geodetic(
        np.array([0.0, EQUATOR]), np.array([0.0, 0.0]), np.array([POLE + 400, 0.0])
    )
    np.testing.assert_allclose(latitude, [90.0, 0.0])
    np.testing.assert_allclose(height, [400.0, 0.0], atol=1e-9)
    # Geodetic latitude exceeds the geocentric one by 0.19 degrees at 45.
    higher = geodetic(np.array([5000.0]), np.array([0.0]), np.array([5000.0]))[0][0]
    assert higher == pytest.approx(45.17, abs=0.01)


def test_longitude_falls_behind_as_the_earth_turns() -> None:
    place = np.array([7000.0]), np.array([0.0]), np.array([0.0])
    assert geodetic(*place, math.radians(30.0))[1][0] == pytest.approx(-30.0)
    assert geodetic(*place, math.radians(200.0))[1][0] == pytest.approx(160.0)


def test_an_offset_is_told_along_the_orbit() -> None:
    reference = np.array([7000.0, 0, 0, 0, 7.5, 0])
    ahead = 7000.0 * np.array([math.cos(0.01), math.sin(0.01), 0])
    states = np.array([[7001.0, 0, 0, 0, 0, 0], [*ahead, 0, 0, 0], [7000.0, 0, -2.0, 0, 0, 0]])
    found = radial_along_cross(states, reference)
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 70.0, 0], [0, 0, -2.0]], atol=1e-9)
