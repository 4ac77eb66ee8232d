"""The series with two regimes: its recursion, its windows, and what a linear model misses."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.studies.tasks.threshold_series import (
    NOISE,
    linear_error,
    threshold_examples,
    threshold_series,
)


def test_the_series_is_linear_within_a_regime_and_jumps_between_them() -> None:
    values = threshold_series(2000, seed=0)
    level = np.where(values[:-2] > 0, -1.8, 1.8)
    left = values[2:] - 0.5 * values[1:-1] - level
    assert left.std() == pytest.approx(NOISE, rel=0.05)
    assert abs(np.corrcoef(left[1:], left[:-1])[0, 1]) < 0.06


def test_a_seed_gives_the_same_series() -> None:
    np.testing.assert_array_equal(threshold_series(50, 3), threshold_series(50, 3))
    assert not np.array_equal(threshold_series(50, 3), threshold_series(50, 4))


def test_windows_are_followed_by_their_targets_and_test_values_do_not_move_the_training() -> None:
    train, test = threshold_examples(300, 100, 5, seed=1)
    assert train.past.shape == (295, 5)
    assert test.past.shape == (95, 5)
    np.testing.assert_array_equal(train.past[1:, -1], train.target[:-1])
    longer, _ = threshold_examples(300, 400, 5, seed=1)
    np.testing.assert_allclose(longer.past[:, 0], train.past[:, 0])


def test_a_linear_model_stays_far_above_the_noise() -> None:
    train, test = threshold_examples(3000, 3000, 10, seed=0)
    assert train.floor == pytest.approx(0.033, abs=0.001)
    assert 0.065 < linear_error(train, test) < 0.1
