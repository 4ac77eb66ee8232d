"""Weights of an ensemble's members."""

from __future__ import annotations

import numpy as np
import pytest

from models.transforms.residuals import (
    date_equal_quantiles,
    date_equal_weights,
    weighted_quantiles,
)
from models.transforms.weighting import WEIGHTINGS, member_weights

NAN = float("nan")
ONE = np.ones(4)


def errors(*members: list[float]) -> np.ndarray:
    """Member × row × one lead."""
    return np.asarray(members)[:, :, None]


@pytest.mark.parametrize("rule", WEIGHTINGS)
def test_weights_are_not_negative_and_sum_to_one(rule: str) -> None:
    random = np.random.default_rng(0).standard_normal((5, 40, 3))
    found = member_weights(random, np.ones(40), rule)
    assert found.shape == (5, 3)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=0), 1.0)


def test_equal_weights_look_at_no_error() -> None:
    assert member_weights(errors([1.0] * 4, [9.0] * 4), ONE, "equal").tolist() == [[0.5], [0.5]]


def test_inverse_errors_are_worked_by_hand() -> None:
    """Squared errors 1 and 4: weights 1 and 1/4 over 5/4."""
    found = member_weights(errors([1.0] * 4, [-2.0] * 4), ONE, "inverse_error")
    np.testing.assert_allclose(found[:, 0], [0.8, 0.2])


def test_rows_count_by_their_weight() -> None:
    """Mean squares (1 × 3 + 9) / 4 = 3 and (9 × 3 + 1) / 4 = 7."""
    found = member_weights(errors([1.0, 3.0], [3.0, 1.0]), np.array([3.0, 1.0]), "inverse_error")
    np.testing.assert_allclose(found[:, 0], [0.7, 0.3])


def test_a_perfect_member_takes_all() -> None:
    for rule in ("inverse_error", "stacked"):
        found = member_weights(errors([0.0] * 4, [1.0, -1.0, 2.0, 1.0]), ONE, rule)
        np.testing.assert_allclose(found[:, 0], [1.0, 0.0], atol=1e-6)


def test_stacking_cancels_errors_of_opposite_sign() -> None:
    """Errors e and -2e: two thirds and one third leave nothing."""
    one = np.array([1.0, -2.0, 0.5, 3.0])
    found = member_weights(errors(one.tolist(), (-2 * one).tolist()), ONE, "stacked")
    np.testing.assert_allclose(found[:, 0], [2 / 3, 1 / 3], atol=1e-8)


def test_stacking_finds_the_least_squares_weights_of_the_simplex() -> None:
    random = np.random.default_rng(1)
    rows = random.standard_normal((60, 2)) * [1.0, 1.5] + random.standard_normal((60, 1))
    grid = np.linspace(0, 1, 100_001)
    squares, cross = (rows**2).sum(axis=0), 2 * (rows[:, 0] * rows[:, 1]).sum()
    loss = grid**2 * squares[0] + (1 - grid) ** 2 * squares[1] + grid * (1 - grid) * cross
    found = member_weights(rows.T[:, :, None], np.ones(60), "stacked")
    assert found[0, 0] == pytest.approx(grid[loss.argmin()], abs=2e-5)


def test_the_size_of_errors_does_not_matter_to_stacking() -> None:
    values = np.random.default_rng(2).standard_normal((3, 30, 1))
    plain = member_weights(values, np.ones(30), "stacked")
    np.testing.assert_allclose(member_weights(1e-6 * values, np.ones(30), "stacked"), plain)


def test_rows_that_a_member_cannot_answer_are_left_out() -> None:
    found = member_weights(errors([1.0, 1.0, NAN, 5.0], [2.0, 2.0, 0.0, NAN]), ONE, "inverse_error")
    np.testing.assert_allclose(found[:, 0], [0.8, 0.2])


@pytest.mark.parametrize("rule", WEIGHTINGS)
def test_a_lead_without_outcomes_has_equal_weights(rule: str) -> None:
    found = member_weights(np.full((4, 3, 1), NAN), np.ones(3), rule)
    assert found[:, 0].tolist() == [0.25] * 4


def test_every_date_has_the_same_weight_however_many_rows_it_has() -> None:
    found = date_equal_weights(np.array([7, 7, 3, 7]))
    np.testing.assert_allclose(found, [1 / 6, 1 / 6, 1 / 2, 1 / 6])


def test_weighted_quantiles_lie_between_the_mid_points_of_steps() -> None:
    """Values 0 and 10 with shares 1/4 and 3/4: mid-points 1/8 and 5/8, so 3/8 is half way."""
    found = weighted_quantiles(np.array([10.0, 0.0]), np.array([3.0, 1.0]), [0.0, 0.375, 0.9])
    np.testing.assert_allclose(found, [0.0, 5.0, 10.0])


def test_quantiles_pooled_over_dates_are_not_ruled_by_a_crowded_date() -> None:
    values = np.array([0.0] * 98 + [1.0, 1.0])
    dates = np.array([1] * 98 + [2, 2])
    assert date_equal_quantiles(values, dates, [0.9])[0] == 1.0
    assert np.quantile(values, 0.9) == 0.0
