"""The spread of what satellites measure."""

from __future__ import annotations

import numpy as np
import pytest

from models.emulators.satellite_spread import fit_log_variance, huber, interval_factor
from models.errors import ModelError


def test_hubers_loss_is_quadratic_then_straight() -> None:
    assert huber(np.array([2.0, -5.0])).tolist() == [2.0, 3.0 * 5.0 - 4.5]


def test_the_variance_of_two_groups_is_found() -> None:
    random = np.random.default_rng(0)
    group = np.repeat([0.0, 1.0], 20000)
    error = random.normal(0.0, np.where(group == 0, 0.1, 0.2))
    weights = fit_log_variance(np.stack([np.ones(40000), group], axis=1), error)
    assert np.allclose(np.exp(0.5 * weights[0]), 0.1, rtol=0.03)
    assert np.allclose(np.exp(0.5 * weights.sum()), 0.2, rtol=0.03)


def test_a_slope_that_the_errors_do_not_tell_stays_near_zero() -> None:
    error = np.random.default_rng(0).normal(0.0, 0.1, 30)
    place = np.full(30, 5.0) + np.linspace(-0.01, 0.01, 30)
    weights = fit_log_variance(np.stack([np.ones(30), place - 5.0], axis=1), error)
    assert abs(weights[1]) < 0.1


def test_one_huge_error_moves_the_variance_little() -> None:
    error = np.random.default_rng(0).normal(0.0, 0.1, 1000)
    wild = error.copy()
    wild[0] = 10.0
    plain, robust = (fit_log_variance(np.ones((1000, 1)), e)[0] for e in (error, wild))
    assert robust - plain < 0.6
    assert np.log(np.mean(wild**2) / np.mean(error**2)) > 2.0


def test_the_factor_is_the_ninetieth_of_ninety_nine_sizes_over_the_normal_quantile() -> None:
    sizes = np.arange(1.0, 100.0)
    assert interval_factor(sizes) == pytest.approx(90.0 / 1.6448536)


def test_few_errors_calibrate_nothing() -> None:
    with pytest.raises(ModelError, match="49 errors to calibrate intervals on"):
        interval_factor(np.ones(49))
