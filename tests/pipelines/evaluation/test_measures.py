"""Measures of one forecast, by hand and against the exact formulas."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules
from scipy.stats import norm

from models.contract import LEVELS, FloatArray
from pipelines.evaluation.measures import (
    COVERAGES,
    coverage,
    crps,
    interval_coverage,
    pit_counts,
    smape,
)

Z = norm.ppf(LEVELS)


def normal_sample(rows: int, spread: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Outcomes of a standard normal, forecasts that claim a normal of this spread."""
    y = norm.rvs(size=rows, random_state=0)
    return y, np.tile(spread * Z, (rows, 1))


def test_crps_of_a_point_mass_is_nearly_the_absolute_error() -> None:
    # 2/40 × the sum over levels of level × 3 = 2/40 × 19.5 × 3: 39/40 of the error.
    assert crps(np.array([3.0]), np.zeros((1, 39))) == pytest.approx(3.0 * 39 / 40)
    assert crps(np.array([-3.0]), np.zeros((1, 39))) == pytest.approx(3.0 * 39 / 40)


def test_crps_of_a_calibrated_normal_is_close_to_the_exact_one() -> None:
    y, quantiles = normal_sample(20_000)
    exact = float(scoringrules.crps_normal(y, 0.0, 1.0).mean())
    assert float(crps(y, quantiles).mean()) == pytest.approx(exact, rel=0.003)


def test_crps_is_the_quantile_score_of_scoringrules_times_39_over_40() -> None:
    y, quantiles = normal_sample(50)
    other = scoringrules.crps_quantile(y, quantiles, np.asarray(LEVELS))
    np.testing.assert_allclose(crps(y, quantiles), other * 39 / 40, rtol=1e-12)


@pytest.mark.parametrize("spread", [0.7, 1.4])
def test_the_true_distribution_has_the_smallest_crps(spread: float) -> None:
    y, quantiles = normal_sample(20_000)
    assert crps(y, quantiles).mean() < crps(y, quantiles * spread).mean()


def test_smape_is_a_ratio_of_sums() -> None:
    # |y - f| = 1, 1; |y| + |f| = 3, 1.
    assert smape(np.array([1.0, 1.0]), np.array([2.0, 0.0])) == pytest.approx(100.0)


def test_smape_stays_within_200_for_targets_around_zero() -> None:
    assert smape(np.array([1e-9, -2.0]), np.array([-1e-9, 2.0])) == pytest.approx(200.0)
    assert smape(np.zeros(2), np.zeros(2)) == 0.0


def test_coverage_counts_outcomes_inside_the_interval_ends_included() -> None:
    quantiles = np.tile(np.arange(1.0, 40.0), (4, 1))  # the quantile of level k/40 is k
    y = np.array([20.0, 10.0, 9.9, 38.0])
    assert coverage(y, quantiles, 0.5) == 0.5  # 10 .. 30
    assert coverage(y, quantiles, 0.8) == 0.75  # 4 .. 36
    assert coverage(y, quantiles, 0.95) == 1.0  # 1 .. 39


@pytest.mark.parametrize("level", COVERAGES)
def test_a_calibrated_forecast_covers_what_it_promises(level: float) -> None:
    assert coverage(*normal_sample(20_000), level) == pytest.approx(level, abs=0.01)


def test_pit_counts_fall_between_neighbouring_quantiles() -> None:
    quantiles = np.tile(np.arange(1.0, 40.0), (3, 1))
    counts = pit_counts(np.array([0.5, 39.5, 1.5]), quantiles)
    assert counts.shape == (40,)
    assert (counts[0], counts[1], counts[39], counts.sum()) == (1, 1, 1, 3)


def test_interval_coverage_agrees_with_coverage() -> None:
    y, quantiles = normal_sample(1_000, spread=0.8)
    nominal, empirical = interval_coverage(pit_counts(y, quantiles))
    np.testing.assert_allclose(nominal, np.arange(1, 20) / 20)
    for level in COVERAGES:
        place = int(np.argmin(np.abs(nominal - level)))
        assert empirical[place] == pytest.approx(coverage(y, quantiles, level))
