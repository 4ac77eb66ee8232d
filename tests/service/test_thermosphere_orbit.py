"""Orbits over HTTP: where a satellite will be, with what spread, and what it meets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.orbit.states import BALLISTIC_PER_BSTAR
from service.thermosphere import DENSITY_PATH, ORBIT_PATH
from tests.service.density_requests import (
    BAD_FLIGHTS,
    TLE,
    Body,
    by_lines,
    flight,
    row,
    state,
)
from tests.service.test_thermosphere import ask, refused


def fly(body: Body) -> Any:
    return ask(body, ORBIT_PATH)


def test_a_flight_begins_with_the_state_and_has_every_output() -> None:
    said = fly(flight())
    assert said["time"] == [
        f"2003-11-20T{time}Z"
        for time in ("00:10:30", "00:25:30", "00:40:30", "00:55:30", "01:10:30")
    ]
    assert said["position_km"][0] == pytest.approx(state()["position_km"], abs=1e-6)
    assert said["velocity_km_s"][0] == pytest.approx(state()["velocity_km_s"], abs=1e-9)
    # The plane of the start holds z; a quarter of an orbit later it is over a pole.
    assert abs(said["latitude"][0]) < 0.01
    assert said["latitude"][1] > 50.0
    assert said["frame"] == "TEME"


def test_the_spread_grows_from_nothing_and_mostly_along_the_track() -> None:
    said = fly(flight(hours=2, samples=20))
    along = said["along_std_km"]
    assert along[0] == pytest.approx(0.0, abs=1e-9)
    assert along[-1] > along[len(along) // 2] > 0
    assert along[-1] > 10 * said["cross_std_km"][-1]


def test_the_density_along_the_track_is_the_one_that_is_asked_for_there() -> None:
    said = fly(flight(futures="observed", samples=60, levels=[0.1, 0.5, 0.9]))
    points = {
        "epoch": said["time"],
        "latitude": said["latitude"],
        "longitude": said["longitude"],
        "height": said["height"],
    }
    there = ask({"points": points}, DENSITY_PATH)["points"]["median"]
    low, middle, high = np.array(said["density_quantiles"]).T
    assert middle == pytest.approx(there, rel=0.1)
    assert (low < middle).all()
    assert (middle < high).all()


def test_more_drag_brings_a_satellite_down_sooner() -> None:
    light = fly(flight(ballistic=0.001, hours=3, futures="observed"))["height"]
    heavy = fly(flight(ballistic=0.1, hours=3, futures="observed"))["height"]
    assert heavy[-1] < light[-1]


def test_elements_are_flown_from_their_epoch_or_a_start_with_the_drag_that_they_hold() -> None:
    said = fly(by_lines())
    assert said["time"][0] == "2003-11-20T12:00:00Z"
    assert said["ballistic"] == pytest.approx(0.12345e-3 * BALLISTIC_PER_BSTAR)
    later = fly(by_lines(start="2003-11-20T12:30:00Z", ballistic=0.004))
    assert later["ballistic"] == 0.004
    # SGP4 and our gravity part by less than 5 km in half an hour.
    apart = np.subtract(later["position_km"][0], said["position_km"][2])
    assert np.linalg.norm(apart) < 5.0


def test_elements_without_drag_need_a_ballistic_coefficient() -> None:
    line = TLE[0].replace("12345-3", "00000-0")[:-1]
    check = sum(int(c) if c.isdigit() else c == "-" for c in line) % 10
    lines = [f"{line}{check}", TLE[1]]
    refused(ORBIT_PATH, by_lines(tle=lines), "ballistic", "B* of the elements is not above 0")


def test_the_answer_says_by_which_space_weather() -> None:
    assert fly(flight())["drivers"]["kind"] == "forecast"
    assert fly(flight())["drivers"]["newest_kp"] == "2003-11-19T21:00:00Z"
    assert fly(flight(futures="observed"))["drivers"]["kind"] == "observed"
    rows = [row(0, time=f"2003-11-20T{hour:02d}:00Z") for hour in (0, 3)]
    assert fly(flight(drivers=rows))["drivers"]["kind"] == "caller"


def test_the_seed_decides_the_samples() -> None:
    first, again, other = (fly(flight(seed=seed))["position_km"][-1] for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [case[1:] for case in BAD_FLIGHTS],
    ids=[case[0] for case in BAD_FLIGHTS],
)
def test_a_bad_flight_has_one_message_with_the_path_of_its_field(
    body: Body, field: str, message: str
) -> None:
    refused(ORBIT_PATH, body, field, message)
