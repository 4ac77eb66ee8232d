"""Weights follow the absolute error, and stay near equal where it says little."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.errors import ModelError
from models.monthly.stacking import simplex, stack


def weights(errors: list[float], temperature: float = 0.02) -> FloatArray:
    """Weights of members that are off by so much, on two outcomes of zero."""
    points = np.repeat(np.array(errors)[:, None, None], 2, axis=2)
    return stack(points, np.zeros((1, 2)), np.ones((1, 2)), temperature)


def test_the_simplex_holds_every_way_to_share() -> None:
    np.testing.assert_allclose(simplex(2, 2), [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    assert len(simplex(4, 10)) == 286
    np.testing.assert_allclose(simplex(3, 4).sum(axis=1), 1.0)


def test_members_that_are_equally_good_share_equally() -> None:
    np.testing.assert_allclose(weights([1.0, 1.0, 1.0]), 1 / 3)


def test_a_member_worse_by_more_than_a_fifth_is_left_out() -> None:
    np.testing.assert_allclose(weights([1.0, 1.0, 1.21]), [0.5, 0.5, 0.0])
    assert weights([1.0, 1.0, 1.19], temperature=1.0)[2] > 0.2


def test_members_that_are_off_to_both_sides_are_averaged() -> None:
    np.testing.assert_allclose(weights([1.0, -1.0]), 0.5, atol=1e-6)


def test_a_high_temperature_gives_equal_weights() -> None:
    np.testing.assert_allclose(weights([1.0, 1.1], temperature=1e3), 0.5, atol=1e-3)


def test_without_an_outcome_weights_are_equal() -> None:
    found = stack(np.ones((3, 1, 2)), np.full((1, 2), np.nan), np.ones((1, 2)), 0.02)
    np.testing.assert_allclose(found, 1 / 3)


def test_missing_outcomes_are_left_out() -> None:
    points = np.array([[[1.0, 5.0]], [[9.0, 0.0]]])
    found = stack(points, np.array([[1.0, np.nan]]), np.ones((1, 2)), 0.01)
    np.testing.assert_array_equal(found, [1.0, 0.0])


def test_a_temperature_of_zero_is_refused() -> None:
    with pytest.raises(ModelError, match="temperature of stacking: expected above 0, got 0"):
        weights([1.0, 2.0], temperature=0)
