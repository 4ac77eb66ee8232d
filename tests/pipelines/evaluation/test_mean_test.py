"""The test of a zero mean: by hand, and its size when the null is true."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from models.contract import FloatArray
from pipelines.evaluation.mean_test import (
    BARTLETT,
    FIXED_SMOOTHING,
    RECTANGULAR,
    MeanTest,
    fixed_smoothing_test,
    long_run_variance,
    overlap,
    zero_mean_test,
)


@pytest.mark.parametrize(
    ("horizon", "spacing", "lags"), [(6, 3, 1), (6, 1, 5), (7, 3, 2), (3, 3, 0), (24, 12, 1)]
)
def test_origins_overlap_while_their_targets_share_months(
    horizon: int, spacing: int, lags: int
) -> None:
    assert overlap(horizon, np.arange(4) * spacing) == lags


def test_a_gap_between_origins_does_not_hide_the_overlap() -> None:
    assert overlap(6, np.array([0, 12, 15])) == 1
    assert overlap(6, np.array([5])) == 0


def test_the_statistic_is_the_one_worked_by_hand() -> None:
    # Mean 2; deviations -1 1 -1 1 0 0; gamma0 = 4/6, gamma1 = -3/6: 4/6 - 2 × 3/6 < 0, so
    # Bartlett: 4/6 - 3/6 = 1/6. Correction (6 + 1 - 4 + 2/6) / 6 = 5/9.
    found = zero_mean_test(np.array([1.0, 3.0, 1.0, 3.0, 2.0, 2.0]), lags=1)
    assert found.method == BARTLETT
    assert found.statistic == pytest.approx(2.0 * math.sqrt(5 / 9 * 6 / (1 / 6)))


def test_without_overlap_it_is_the_t_test() -> None:
    values = np.array([0.5, -1.0, 2.0, 1.0, 0.3])
    found, other = zero_mean_test(values, lags=0), stats.ttest_1samp(values, 0.0)
    assert found.method == RECTANGULAR
    assert found.statistic == pytest.approx(other.statistic)
    assert found.p_two == pytest.approx(other.pvalue)
    assert found.p_less == pytest.approx(1.0 - other.pvalue / 2.0)


def test_rectangular_weights_count_the_overlap_in_full() -> None:
    # Deviations -1 -1 1 1: gamma0 = 1, gamma1 = (1 - 1 + 1) / 4.
    variance, method = long_run_variance(np.array([0.0, 0.0, 2.0, 2.0]), lags=1)
    assert (variance, method) == (pytest.approx(1.5), RECTANGULAR)


def test_the_sign_says_which_is_smaller() -> None:
    values = np.array([-1.0, -2.0, -1.5, -0.5, -1.2])
    less, more = zero_mean_test(values, 0).p_less, zero_mean_test(-values, 0).p_less
    assert less is not None
    assert less < 0.01
    assert more == pytest.approx(1.0 - less)


def test_fixed_smoothing_is_the_one_worked_by_hand() -> None:
    # n = 4: B = 1; cos(pi (t + 1/2) / 4) = c s -s -c with c, s = cos, sin of pi / 8. On 1 2 3 6:
    # -5 c - s, squared, times 2 / 4; the mean is 3, one degree of freedom.
    c, s = math.cos(math.pi / 8), math.sin(math.pi / 8)
    found = fixed_smoothing_test(np.array([1.0, 2.0, 3.0, 6.0]), lags=0)
    assert found.statistic == pytest.approx(3.0 * math.sqrt(4 / ((5 * c + s) ** 2 / 2)))
    assert found.statistic is not None
    assert found.p_less == pytest.approx(0.5 + math.atan(found.statistic) / math.pi)
    assert found.method == FIXED_SMOOTHING


@pytest.mark.parametrize("test", [zero_mean_test, fixed_smoothing_test])
@pytest.mark.parametrize(
    ("values", "lags"), [([], 0), ([1.0, 2.0], 0), ([1.0, 2.0, 3.0], 2), ([0.0] * 9, 1)]
)
def test_too_few_dates_or_no_difference_give_no_statistic(
    values: list[float], lags: int, test: Callable[[FloatArray, int], MeanTest]
) -> None:
    found = test(np.array(values), lags)
    assert (found.statistic, found.p_less, found.p_two) == (None, None, None)


def overlapping_noise(dates: int, lags: int, generator: np.random.Generator) -> FloatArray:
    """Sums of lags + 1 independent shocks: what overlapping targets look like."""
    shocks = generator.standard_normal(dates + lags)
    return np.convolve(shocks, np.ones(lags + 1), "valid")


@pytest.mark.parametrize("lags", [0, 1, 3])
def test_it_rejects_a_true_null_about_as_often_as_it_says(lags: int) -> None:
    generator = np.random.default_rng(1)
    runs = [zero_mean_test(overlapping_noise(60, lags, generator), lags) for _ in range(1_500)]
    rejected = np.mean([found.p_two is not None and found.p_two < 0.05 for found in runs])
    # Ignoring the overlap gives 16 % at one lag and 32 % at three.
    assert 0.03 < rejected < 0.095


def test_fixed_smoothing_keeps_its_size_better_where_overlap_is_long() -> None:
    # 40 origins three months apart with outcomes 24 months long.
    generator = np.random.default_rng(1)
    runs = [overlapping_noise(40, 7, generator) for _ in range(1_500)]

    def rejected(test: Callable[[FloatArray, int], MeanTest]) -> float:
        return float(np.mean([(test(run, 7).p_two or 1.0) < 0.05 for run in runs]))

    assert rejected(fixed_smoothing_test) < 0.09
    assert rejected(zero_mean_test) > rejected(fixed_smoothing_test) + 0.03
