"""Errors are wider in storms, and how much is learnt."""

from __future__ import annotations

import numpy as np

from models.emulators.activity_width import LIMITS, ActivityWidth, activity
from models.emulators.drivers import COLUMNS, Drivers
from tests.models.emulators.worlds import drivers


def weather() -> Drivers:
    """Small ap that varies, and no history."""
    return drivers(hours=3000)


def test_without_a_fit_nothing_is_widened() -> None:
    assert (ActivityWidth().factor(weather()) == 1.0).all()


def test_a_width_that_grows_with_activity_is_found() -> None:
    design = activity(weather())
    true = np.array([0.2, 0.4, 0.0])
    random = np.random.default_rng(0)
    squares = np.exp(design @ true) * random.chisquare(20, len(design)) / 20
    found = ActivityWidth.fit(squares, design)
    assert np.allclose(found.factor(weather()), np.exp(design @ true), rtol=0.06)


def test_errors_that_are_right_leave_the_width_alone() -> None:
    design = activity(weather())
    found = ActivityWidth.fit(np.ones(len(design)), design)
    assert np.allclose(found.factor(weather()), 1.0, atol=0.02)


def test_the_factor_stays_within_its_limits() -> None:
    values = weather().values.copy()
    values[5, list(COLUMNS).index("ap")] = 400.0
    wild = ActivityWidth(np.array([0.0, 5.0, 0.0]))
    factor = wild.factor(Drivers(weather().start, values))
    assert factor[5] == LIMITS[1]
    assert (factor >= LIMITS[0]).all()
