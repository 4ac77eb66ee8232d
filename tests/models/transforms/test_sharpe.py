"""The Sharpe ratio, and the mistakes that other packages make with it."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelError
from models.transforms.sharpe import (
    forward_sharpe,
    lead,
    rolling_sharpe,
    sharpe_ratio,
    trailing_moments,
)

NAN = float("nan")
#: Mean 0.02, deviations -1, 1, -3 and 3 %: sum of squares 0.002.
RETURNS = np.array([0.01, 0.03, -0.01, 0.05])


def test_the_ratio_is_the_mean_over_the_sample_deviation_annualised() -> None:
    """0.02 / √(0.002 / 3) × √12 = 0.774597 × 3.464102 = 2.683282."""
    assert sharpe_ratio(RETURNS, 12) == pytest.approx(2.683282, abs=1e-6)


def test_the_population_deviation_would_be_a_mistake() -> None:
    """√(0.002 / 4) makes it 3.098387, too high by √(4/3)."""
    assert sharpe_ratio(RETURNS, 12) != pytest.approx(3.098387, abs=1e-3)


def test_the_frequency_is_that_of_the_returns_and_not_252() -> None:
    assert sharpe_ratio(RETURNS, 252) / sharpe_ratio(RETURNS, 12) == pytest.approx(21**0.5)


def test_the_deviation_is_that_of_the_excess_and_not_of_the_returns() -> None:
    """Returns of 1 % twice and 3 % twice less rates of 0, 1, 1 and 2 %: 1, 0, 2, 1 %."""
    excess = np.array([0.01, 0.01, 0.03, 0.03]) - np.array([0.0, 0.01, 0.01, 0.02])
    assert sharpe_ratio(excess, 1) == pytest.approx(0.01 / (0.0002 / 3) ** 0.5)


@pytest.mark.parametrize("constant", [0.0, 0.01, 1 / 3])
def test_a_constant_series_has_no_ratio_instead_of_an_enormous_one(constant: float) -> None:
    assert np.isnan(sharpe_ratio(np.full(12, constant), 12))
    assert np.isnan(rolling_sharpe(np.full((1, 12), constant), 6, 12)).all()


def test_a_missing_month_or_a_single_one_has_no_ratio() -> None:
    assert np.isnan(sharpe_ratio(np.array([0.01, NAN, 0.02]), 12))
    assert np.isnan(sharpe_ratio(np.array([[0.01]]), 12)).tolist() == [True]


def test_a_frequency_that_is_none_is_refused() -> None:
    with pytest.raises(ModelError, match="periods_per_year: expected a positive number, got 0"):
        sharpe_ratio(RETURNS, 0)


def test_a_rolling_ratio_is_that_of_the_newest_months() -> None:
    found = rolling_sharpe(np.array([[0.5, *RETURNS]]), 4, 12)
    assert np.isnan(found[0, :3]).all()
    assert found[0, 4] == pytest.approx(sharpe_ratio(RETURNS, 12))


def test_a_forward_ratio_is_that_of_the_months_after() -> None:
    found = forward_sharpe(np.array([[0.5, *RETURNS]]), 4, 12)
    assert found[0, 0] == pytest.approx(sharpe_ratio(RETURNS, 12))
    assert np.isnan(found[0, 1:]).all()


def test_a_series_shorter_than_the_window_has_no_ratio() -> None:
    assert np.isnan(rolling_sharpe(RETURNS[None], 5, 12)).all()
    assert np.isnan(lead(RETURNS[None], 4)).all()


def test_a_window_of_one_month_is_refused() -> None:
    with pytest.raises(ModelError, match="window: expected at least 2 periods, got 1"):
        trailing_moments(RETURNS[None], 1)
