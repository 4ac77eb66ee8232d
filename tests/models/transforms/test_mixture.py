"""Quantiles of an even mixture, against the general pool and against a distribution known."""

from __future__ import annotations

import numpy as np
from scipy import stats

from models.contract import LEVELS
from models.transforms.mixture import mixture_quantiles
from models.transforms.pooling import linear_pool


def normals(means: np.ndarray) -> np.ndarray:
    """Quantiles of normal distributions, any shape × level."""
    return np.asarray(means[..., None] + stats.norm.ppf(LEVELS))


def test_the_mixture_is_that_of_the_linear_pool_with_equal_weights() -> None:
    random = np.random.default_rng(0)
    quantiles = np.sort(random.normal(size=(7, 4, 3, len(LEVELS))), axis=-1)
    pooled = linear_pool(quantiles, np.full((7, 3), 1 / 7), np.asarray(LEVELS))
    np.testing.assert_allclose(mixture_quantiles(quantiles, LEVELS), pooled, atol=1e-9)


def test_the_quantiles_of_a_mixture_of_normals_are_found() -> None:
    found = mixture_quantiles(normals(np.array([[-1.5], [1.5]])), LEVELS)[0]
    shares = (stats.norm.cdf(found + 1.5) + stats.norm.cdf(found - 1.5)) / 2
    # The parts are known at their quantiles alone, and linear between them.
    np.testing.assert_allclose(shares, LEVELS, atol=6e-3)


def test_quantiles_do_not_fall_however_the_parts_lie() -> None:
    random = np.random.default_rng(1)
    parts = random.normal(size=(50, 20, 2)) * 10.0 ** random.integers(-6, 6, size=(50, 20, 2))
    found = mixture_quantiles(normals(parts), LEVELS)
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=-1) >= 0).all()


def test_equal_parts_are_given_back_and_points_stay_points() -> None:
    same = np.repeat(normals(np.zeros((1, 3))), 9, axis=0)
    np.testing.assert_allclose(mixture_quantiles(same, LEVELS), same[0], atol=1e-9)
    points = np.full((5, 2, len(LEVELS)), 3.0)
    np.testing.assert_allclose(mixture_quantiles(points, LEVELS), 3.0, atol=1e-6)


def test_rows_of_many_pieces_are_those_of_one(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    quantiles = normals(np.random.default_rng(2).normal(size=(5, 11)))
    whole = mixture_quantiles(quantiles, LEVELS)
    monkeypatch.setattr("models.transforms.mixture.AT_ONCE", 500)
    np.testing.assert_array_equal(mixture_quantiles(quantiles, LEVELS), whole)


def test_no_rows_are_no_quantiles() -> None:
    assert mixture_quantiles(np.empty((4, 0, 2, len(LEVELS))), LEVELS).shape == (0, 2, 39)
