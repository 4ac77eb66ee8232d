"""The distribution of density at a point."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import lognorm, norm

from models.contract import LEVELS
from models.emulators.log_density import LogDensity, Shape
from models.errors import ModelError


def test_mean_spread_and_quantiles_are_those_of_the_log_normal_distribution() -> None:
    found = LogDensity(np.array([-12.0]), np.array([0.1]))
    s = 0.1 * np.log(10)
    law = lognorm(s=s, scale=1e-12)
    assert np.isclose(found.mean_density[0], law.mean())
    assert np.isclose(found.std_density[0], law.std())
    assert np.isclose(found.median_density[0], 1e-12)
    assert np.allclose(found.quantiles([0.05, 0.5, 0.95])[0], law.ppf([0.05, 0.5, 0.95]))


def test_levels_beyond_the_table_are_those_of_the_normal_law() -> None:
    assert np.allclose(Shape().at([0.001, 0.3, 0.999]), norm.ppf([0.001, 0.3, 0.999]), atol=2e-3)


def test_a_shape_learnt_from_errors_has_their_quantiles() -> None:
    errors = np.random.default_rng(0).standard_t(4, 200_000)
    shape = Shape.of_errors(errors)
    inside = [np.mean(np.abs(errors) <= shape.at([0.5 + p / 2])[0]) for p in (0.5, 0.9, 0.95)]
    assert np.allclose(inside, [0.5, 0.9, 0.95], atol=3e-3)
    assert np.allclose(shape.quantiles, -shape.quantiles[::-1])


def test_probability_undoes_the_quantile() -> None:
    shape = Shape.of_errors(np.random.default_rng(0).standard_t(4, 5000))
    levels = np.array([0.01, *LEVELS[::6], 0.99])
    assert np.allclose(shape.probability(shape.at(levels)), levels, atol=1e-6)


def test_mean_and_spread_must_belong_together() -> None:
    with pytest.raises(ModelError, match=r"mean has shape \(2,\), std \(1,\)"):
        LogDensity(np.zeros(2), np.ones(1))
