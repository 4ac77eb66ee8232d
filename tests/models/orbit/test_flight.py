"""One satellite's flight under samples of density."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.errors import ModelError
from models.orbit.density import Exponential
from models.orbit.flight import fly
from models.orbit.gravity import MU
from tests.models.orbit.cases import BALLISTIC, START, low_orbit
from tests.models.orbit.test_density import ByIndex


def test_a_flight_tells_where_when_and_how_sure() -> None:
    flight = fly(low_orbit(), START, 6.0, ByIndex(), ballistic=BALLISTIC, every=600.0)
    assert len(flight.times) == 37
    assert flight.times[-1] == np.datetime64("2003-11-18T06:00")
    assert (flight.spread[0] == 0).all()
    assert (flight.height > 350).all()
    # Samples meet 0, 1 and 2e-12: quantiles lie between, at their ranks.
    np.testing.assert_allclose(flight.density[7], [1e-13, 1e-12, 1.9e-12])
    # A constant drag f moves a satellite ahead by 3/2 f t2 (Gauss' equations).
    seconds = 6 * 3600.0
    drag = 500 * 1e-12 * BALLISTIC * (MU / 6755.0)
    ahead = 1.5 * drag * seconds**2
    assert flight.spread[-1, 1] == pytest.approx(ahead * math.sqrt(2 / 3), rel=0.05)
    assert flight.spread[-1, 1] > 10 * flight.spread[-1, 0]


def test_one_sample_has_no_spread_and_its_own_track() -> None:
    flight = fly(low_orbit(), START, 0.5, Exponential(), ballistic=BALLISTIC)
    assert (flight.spread == 0).all()
    np.testing.assert_array_equal(flight.position, flight.track.states[:, 0, :3])
    np.testing.assert_allclose(flight.height, flight.track.places()[2][:, 0])


def test_an_uncertain_ballistic_coefficient_spreads_too() -> None:
    three = Exponential(samples=3)
    flight = fly(low_orbit(), START, 3.0, three, ballistic=np.array([0.004, 0.005, 0.006]))
    assert flight.spread[-1, 1] > 0.001
    np.testing.assert_allclose(flight.density[0], flight.density[0, 0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hours": 0.0}, "hours: expected above 0 and at most 744, got 0"),
        ({"hours": 1e4}, "hours: expected above 0"),
        ({"ballistic": 40.0}, "ballistic: expected Cd A / m"),
        ({"ballistic": np.ones(2)}, "one for each of 1 samples"),
        ({"levels": (0.0, 0.5)}, "levels: expected probabilities between 0 and 1"),
    ],
)
def test_bad_input_is_refused_in_one_line(changes: dict[str, object], said: str) -> None:
    wanted = {"hours": 1.0, "ballistic": BALLISTIC, "levels": (0.5,), **changes}
    hours = wanted.pop("hours")
    with pytest.raises(ModelError, match=said):
        fly(low_orbit(), START, hours, Exponential(), **wanted)  # type: ignore[arg-type]
