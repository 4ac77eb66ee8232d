"""Least squares by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.baselines.least_squares import linear_fit, linear_predict
from models.errors import ModelError


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


def test_a_line_through_three_points() -> None:
    # x 0, 1, 2 and y 1, 3, 8: slope 7/2, intercept 4 - 7/2.
    fitted = linear_fit(column(0, 1, 2), np.array([1.0, 3.0, 8.0]))
    np.testing.assert_allclose(fitted, [0.5, 3.5])
    np.testing.assert_allclose(linear_predict(column(4), fitted), [14.5])


def test_a_penalty_of_one_halves_the_slope() -> None:
    # Standardised, the Gram matrix is 1: slope / (1 + penalty), through the means.
    fitted = linear_fit(column(0, 1, 2), np.array([1.0, 3.0, 8.0]), penalty=1.0)
    np.testing.assert_allclose(fitted, [4.0 - 1.75, 1.75])


def test_a_constant_feature_gets_no_weight() -> None:
    features = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]])
    np.testing.assert_allclose(linear_fit(features, np.array([1.0, 3.0, 8.0])), [0.5, 3.5, 0.0])


def test_twins_share_their_weight() -> None:
    features = np.repeat(column(0, 1, 2), 2, axis=1)
    fitted = linear_fit(features, np.array([1.0, 3.0, 8.0]))
    np.testing.assert_allclose(fitted, [0.5, 1.75, 1.75])


def test_no_rows_are_refused() -> None:
    with pytest.raises(ModelError, match="at least one row"):
        linear_fit(np.empty((0, 2)), np.empty(0))
