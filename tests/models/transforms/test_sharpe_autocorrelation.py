"""Lo's corrections for autocorrelated returns."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.errors import ModelError
from models.transforms.sharpe_autocorrelation import annualisation_factor, autocorrelated_error
from models.transforms.sharpe_inference import iid_error, moment_error, sharpe_moments

NAN = float("nan")


def first_order(coefficient: float, rows: int, months: int, mean: float = 0.2) -> FloatArray:
    """Series with autocorrelation coefficient^k at lag k, deviation one."""
    shocks = np.random.default_rng(0).standard_normal((rows, months))
    values = shocks.copy()
    for month in range(1, months):
        fresh = (1 - coefficient**2) ** 0.5 * shocks[:, month]
        values[:, month] = coefficient * values[:, month - 1] + fresh
    return mean + values


def test_the_factor_is_that_worked_by_hand() -> None:
    """Deviations 1, -1, 1, -1: ρ₁ = -3/4, so 2 / √(2 - 2 × 3/4) = 2.828427 instead of 1.414214."""
    found = annualisation_factor(np.array([0.03, 0.01, 0.03, 0.01]), 2)
    assert found == pytest.approx(8**0.5)


def test_without_autocorrelation_the_factor_is_the_square_root() -> None:
    found = annualisation_factor(first_order(0.0, 1, 200_000), 12)
    assert found[0] == pytest.approx(12**0.5, rel=0.01)


@pytest.mark.parametrize("coefficient", [0.3, -0.3])
def test_the_factor_of_a_first_order_process_is_its_formula(coefficient: float) -> None:
    """12 / √(12 + 2 Σ (12 - k) ρᵏ): smoothing lowers the ratio of a year, reversal raises it."""
    lags = np.arange(1, 12)
    expected = 12 / np.sqrt(12 + 2 * ((12 - lags) * coefficient**lags).sum())
    found = annualisation_factor(first_order(coefficient, 1, 200_000), 12)
    assert found[0] == pytest.approx(expected, rel=0.01)
    assert (found[0] < 12**0.5) == (coefficient > 0)


def test_the_factor_needs_more_than_a_year() -> None:
    values = first_order(0.0, 2, 14)
    values[0, :2] = NAN
    assert np.isfinite(annualisation_factor(values, 12)).tolist() == [False, True]


def test_even_perfect_alternation_has_a_finite_factor() -> None:
    """ρ₁ = -999/1000 over 1,000 months: 2 / √(2 - 1.998) = 44.72. Autocorrelations that are
    divided by the whole length can never make the variance negative."""
    assert annualisation_factor(np.tile([0.03, 0.01], 500), 2) == pytest.approx(44.7214, abs=1e-3)


def test_a_constant_series_has_no_factor() -> None:
    assert np.isnan(annualisation_factor(np.full(500, 0.01), 2))


def test_one_period_a_year_needs_no_factor() -> None:
    assert annualisation_factor(np.array([0.01, 0.03]), 1) == 1.0


def test_a_frequency_that_is_none_is_refused() -> None:
    with pytest.raises(ModelError, match="periods_per_year"):
        annualisation_factor(np.zeros(4), 0)


def test_without_lags_the_error_is_that_of_the_moments() -> None:
    values = first_order(0.0, 20, 60) ** 3
    moments = sharpe_moments(values)
    np.testing.assert_allclose(
        autocorrelated_error(values, lags=0), moment_error(moments) * (59 / 60) ** 0.5
    )


def test_the_error_is_that_of_a_plain_loop() -> None:
    values = first_order(0.4, 1, 30)[0]
    mean, spread = values.mean(), values.std()
    ratio = mean / values.std(ddof=1)
    z = (values - mean) / spread
    influence = z - ratio / 2 * (z**2 - 1)
    variance = (influence**2).mean()
    for lag in (1, 2, 3):
        products = [influence[t] * influence[t - lag] for t in range(lag, 30)]
        variance += 2 * (1 - lag / 4) * sum(products) / 30
    assert autocorrelated_error(values, lags=3) == pytest.approx((variance / 30) ** 0.5)


def test_smoothed_returns_are_less_certain_than_independent_ones_of_their_looks() -> None:
    """With autocorrelation 0.5 the ratio spreads √3 times as far as for independent months."""
    values = first_order(0.5, 1500, 240)
    truth = sharpe_moments(values).ratio.std()
    naive = iid_error(sharpe_moments(values)).mean()
    found = autocorrelated_error(values, lags=12).mean()
    assert naive < 0.65 * truth
    assert found == pytest.approx(truth, rel=0.15)


def test_the_lags_grow_with_the_length_of_each_series() -> None:
    """100 months have 4 lags, 12 months have 2: 4 × 0.12^(2/9) = 2.497."""
    values = first_order(0.5, 2, 100)
    values[1, 12:] = NAN
    found = autocorrelated_error(values)
    assert found[0] == pytest.approx(float(autocorrelated_error(values[0], lags=4)))
    assert found[1] == pytest.approx(float(autocorrelated_error(values[1, :12], lags=2)))


def test_missing_months_before_and_after_change_nothing() -> None:
    values = first_order(0.5, 1, 40)[0]
    padded = np.concatenate([[NAN] * 3, values, [NAN] * 5])
    assert autocorrelated_error(padded) == pytest.approx(float(autocorrelated_error(values)))
    assert annualisation_factor(padded, 12) == pytest.approx(
        float(annualisation_factor(values, 12))
    )


def test_what_cannot_be_told_is_missing() -> None:
    for values in ([], [0.01], [NAN] * 3, [0.01] * 20):
        assert np.isnan(autocorrelated_error(np.asarray(values, dtype=float)))


def test_more_lags_than_months_are_no_trouble() -> None:
    assert np.isfinite(autocorrelated_error(np.array([0.01, 0.03, -0.01, 0.05]), lags=10))


def test_negative_lags_are_refused() -> None:
    with pytest.raises(ModelError, match="lags: expected no negative number, got -1"):
        autocorrelated_error(np.zeros(4), lags=-1)
