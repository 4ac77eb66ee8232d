"""States: from elements and satellites, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from models.errors import ModelError
from models.orbit.frames import geodetic
from models.orbit.gravity import MU
from models.orbit.satellites import mean_sun, satellite
from models.orbit.states import (
    Elements,
    cartesian,
    check_ballistic,
    check_state,
    latitude_argument,
    node_angle,
    semi_major_axis,
)
from tests.models.orbit.cases import START, low_orbit


def test_elements_give_the_state_of_a_printed_example() -> None:
    # Vallado (2013), example 2-6, with p = 11,067.790 km and e = 0.83285.
    e = 0.83285
    semi_major = 11067.790 / (1 - e * e)
    state = cartesian(Elements(semi_major, e, 87.87, 227.89, 53.38, 92.335))
    printed = [6525.344, 6861.535, 6449.125, 4.902276, 5.533124, -1.975709]
    np.testing.assert_allclose(state, printed, rtol=3e-5)


def test_what_is_read_from_a_state_is_what_made_it() -> None:
    state = low_orbit(node=200.0, perigee=30.0, anomaly=50.0, eccentricity=0.01)
    assert semi_major_axis(state) == pytest.approx(6762.0, rel=1e-12)
    assert math.degrees(node_angle(state)) % 360 == pytest.approx(200.0)
    assert math.degrees(latitude_argument(state)) == pytest.approx(80.0)


def test_champ_is_at_its_southernmost_point_and_crosses_at_its_local_time() -> None:
    champ = satellite("CHAMP")
    state = champ.state(START)
    assert champ.ballistic == 0.00477
    assert semi_major_axis(state) == pytest.approx(6752.6)
    assert geodetic(*state[:3])[0] == pytest.approx(-87.26, abs=0.05)
    node = math.degrees(node_angle(state))
    assert ((node - mean_sun(START)) / 15 + 12) % 24 == pytest.approx(23.4)
    # The mean sun stands near 15 h 47 min of right ascension in mid November.
    assert mean_sun(START) / 15 == pytest.approx(15.79, abs=0.03)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, 2.0, 3.0], "state: expected six finite numbers, x, y, z in km"),
        ([7000, 0, 0, 0, 7.5, math.nan], "expected six finite numbers"),
        ([7e6, 0, 0, 0, 7500, 0], "expected km and km/s: is it in metres?"),
        ([7000, 0, 0, 0, 7500, 0], "is it in metres?"),
        ([6300, 0, 0, 0, 7.5, 0], "6,300.0 km from the Earth's centre, which is below the sur"),
        ([0, 0, 0, 0, 7.5, 0], "below the surface"),
        ([7000, 0, 0, 0, 11, 0], "escapes the Earth; expected below 10.672 km/s"),
        ([7000, 0, 0, 0, 5, 0], "its lowest point is"),
        ([7000, 0, 0, 0, 0, 0], "expected an orbit: check velocities"),
    ],
)
def test_what_is_no_orbit_is_refused_in_one_line(values: list[float], said: str) -> None:
    with pytest.raises(ModelError) as caught:
        check_state(values)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "ballistic: expected Cd A / m of 1e-05 to 10 m2/kg, got 0"),
        (math.nan, "got nan"),
        (209.6, "is it m / (Cd A) in kg/m2? then give 0.004771"),
    ],
)
def test_a_ballistic_coefficient_out_of_range_is_refused(value: float, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        check_ballistic(value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"eccentricity": 1.2}, "eccentricity expected"), ({"semi_major": -1.0}, "semi-major axis")],
)
def test_elements_of_no_ellipse_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        low_orbit(**changes)


def test_an_unknown_satellite_is_named_with_those_known() -> None:
    with pytest.raises(ModelError, match="satellite 'grace' is not known; there is: champ"):
        satellite("grace")


def test_a_circular_state_has_the_speed_of_the_circle() -> None:
    state = low_orbit(eccentricity=0.0)
    assert np.linalg.norm(state[3:]) == pytest.approx(math.sqrt(MU / 6762.0))
