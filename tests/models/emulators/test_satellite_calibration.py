"""Interval widths from satellites and times that had no part in the fit."""

from __future__ import annotations

import numpy as np

from models.emulators.satellite_calibration import unseen_scores
from models.emulators.satellite_design import NOISE
from models.emulators.satellite_processes import TYPICAL, ProcessSettings
from models.emulators.satellite_samples import SatelliteSamples
from tests.models.emulators.satellite_worlds import samples, wandering


def settings() -> ProcessSettings:
    noise = [2 * np.log(0.05), *[0.0] * (len(NOISE) - 1)]
    return ProcessSettings(np.array([[*np.log(list(TYPICAL.values())), *noise]]))


def world(count: int, satellites: tuple[str, ...]) -> SatelliteSamples:
    error = wandering(count, size=0.06, memory=20.0)
    return samples(count, error=error, satellites=satellites)


def test_each_satellite_is_scored_in_both_halves() -> None:
    assert len(unseen_scores(world(900, ("a", "b")), settings())) == 900


def test_a_satellite_alone_is_scored_with_fits_to_the_other_half() -> None:
    assert len(unseen_scores(world(500, ("a",)), settings())) == 500


def test_too_few_rows_to_leave_any_out_score_themselves() -> None:
    assert len(unseen_scores(world(220, ("a",)), settings())) == 220


def test_sizes_are_near_one_when_the_settings_are_right() -> None:
    scores = unseen_scores(world(900, ("a", "b")), settings())
    assert 0.8 < np.std(scores) < 1.2
