"""Distances, bands and orbit means, on tracks made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.orbit.measures import Deviation, orbit_means, orbit_numbers
from tests.models.orbit.cases import FloatArray


def circle(turns: float, count: int, ahead: float = 0.0) -> FloatArray:
    """States on a circle of 7,000 km over the poles, `ahead` km along it; time × 6."""
    angle = np.linspace(0, 2 * math.pi * turns, count) + ahead / 7000.0
    zero = np.zeros_like(angle)
    place = 7000 * np.stack([np.cos(angle), zero, np.sin(angle)], axis=1)
    velocity = 7.5 * np.stack([-np.sin(angle), zero, np.cos(angle)], axis=1)
    return np.concatenate([place, velocity], axis=1)


def deviation(*ahead: float, turns: float = 2.5, count: int = 51) -> Deviation:
    truth = circle(turns, count)
    states = np.stack([circle(turns, count, each) for each in ahead], axis=1)
    density = np.full((count, len(ahead)), 2e-12)
    return Deviation.between(states, density, truth, np.full(count, 1e-12))


def test_errors_are_told_along_the_track() -> None:
    found = deviation(3.0).summary()
    assert found["samples"] == 1
    assert found["along_rms_km"] == pytest.approx(3.0)
    assert found["final_along_km"] == pytest.approx(3.0)
    assert found["mean_error_km"] == pytest.approx(3.0, abs=1e-6)
    assert found["radial_rms_km"] == pytest.approx(0.0, abs=1e-9)
    assert found["coverage_95"] is None
    assert found["orbit_density_bias_percent"] == pytest.approx(100.0)
    assert found["orbit_density_debiased_percent"] == pytest.approx(0.0, abs=1e-9)


def test_samples_on_both_sides_hold_the_truth_and_their_centre_is_close() -> None:
    around = deviation(-2.0, -1.0, 1.0, 2.0).summary()
    assert around["coverage_95"] == 1.0
    assert around["mean_error_km"] == pytest.approx(1.5, abs=1e-6)
    assert around["centre_mean_error_km"] == pytest.approx(0.0, abs=1e-3)


def test_samples_on_one_side_do_not_hold_it() -> None:
    aside = deviation(1.0, 2.0, 3.0).summary()
    assert aside["coverage_95"] == 0.0
    assert aside["coverage_95_radial"] == 1.0
    assert aside["centre_final_error_km"] == pytest.approx(2.0, abs=1e-6)


def test_a_metre_is_below_what_the_step_resolves() -> None:
    assert deviation(0.0005, 0.0008).summary()["coverage_95"] == 1.0
    assert deviation(0.0015, 0.0018).summary()["coverage_95"] == 0.0


def test_orbits_are_counted_from_the_start_and_the_last_part_is_left_out() -> None:
    number = orbit_numbers(circle(2.5, 51))
    assert number[:20].tolist() == [0] * 20
    assert number[21:40].tolist() == [1] * 19
    assert number[41:].tolist() == [-1] * 10
    means = orbit_means(np.arange(51.0), number)
    np.testing.assert_allclose(means, [9.5, 29.5], atol=1.0)


def test_less_than_an_orbit_has_no_orbit_mean() -> None:
    found = deviation(1.0, turns=0.5).summary()
    assert found["orbit_density_error_percent"] is None
