"""Inference on Sharpe ratios: worked and published values, and what must hold of any data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.contract import FloatArray
from models.errors import ModelError
from models.transforms.sharpe import sharpe_ratio
from models.transforms.sharpe_inference import (
    SharpeMoments,
    annualise,
    deflated_sharpe,
    expected_best_sharpe,
    iid_error,
    interval,
    min_track_record,
    moment_error,
    probabilistic_sharpe,
    sharpe_moments,
)

NAN = float("nan")
#: Mean 0.02, deviations -1, 1, -3 and 3 %: no skew, kurtosis 41 / 25.
RETURNS = np.array([0.01, 0.03, -0.01, 0.05])
RATIO = 0.6**0.5

histories = arrays(
    float, st.integers(5, 40), elements=st.floats(-0.2, 0.2).map(lambda x: round(x, 4))
).filter(lambda values: values.std() > 1e-3)


def moments_of(count: int, ratio: float, skew: float = 0.0, kurtosis: float = 3.0) -> SharpeMoments:
    return SharpeMoments(*(np.asarray(value) for value in (count, ratio, skew, kurtosis)))


def panel(rows: int = 2000, months: int = 120, mean: float = 0.01) -> FloatArray:
    return mean + 0.04 * np.random.default_rng(0).standard_normal((rows, months))


def test_moments_are_those_worked_by_hand() -> None:
    found = sharpe_moments(RETURNS)
    assert found.count == 4
    assert found.ratio == pytest.approx(RATIO)
    assert found.skew == pytest.approx(0.0, abs=1e-12)
    assert found.kurtosis == pytest.approx(1.64)


def test_the_ratio_is_that_of_the_forecasts_target() -> None:
    excess = panel(rows=5)
    np.testing.assert_allclose(
        annualise(sharpe_moments(excess).ratio, 12), sharpe_ratio(excess, 12)
    )


def test_normal_returns_have_kurtosis_3_and_not_0() -> None:
    assert sharpe_moments(panel(rows=1, months=200_000)).kurtosis[0] == pytest.approx(3.0, abs=0.05)


def test_errors_are_those_worked_by_hand() -> None:
    """Lo: √((1 + 0.6/2) / 4). Mertens: √((1 + 0.64/4 × 0.6) / 3)."""
    moments = sharpe_moments(RETURNS)
    assert iid_error(moments) == pytest.approx((1.3 / 4) ** 0.5)
    assert moment_error(moments) == pytest.approx((1.096 / 3) ** 0.5)


@pytest.mark.parametrize(
    ("months", "error"), [(12, 0.306), (24, 0.217), (36, 0.177), (48, 0.153), (60, 0.137)]
)
def test_the_iid_error_of_a_ratio_of_one_half_is_that_of_lo(months: int, error: float) -> None:
    """Lo (2002), table 1, row 0.50."""
    assert iid_error(moments_of(months, 0.5)) == pytest.approx(error, abs=6e-4)


def test_for_normal_returns_both_errors_agree_but_for_one_month() -> None:
    moments = moments_of(60, 0.3)
    assert moment_error(moments) == pytest.approx(iid_error(replace(moments, count=np.asarray(59))))


def test_a_negative_skew_widens_the_error_of_a_good_fund() -> None:
    assert moment_error(moments_of(60, 0.3, skew=-2.0)) > moment_error(moments_of(60, 0.3))
    assert moment_error(moments_of(60, -0.3, skew=-2.0)) < moment_error(moments_of(60, -0.3))


def test_the_error_is_the_spread_of_the_ratio_over_samples() -> None:
    moments = sharpe_moments(panel())
    assert moment_error(moments).mean() == pytest.approx(moments.ratio.std(), rel=0.05)


def test_a_95_percent_interval_covers_95_percent() -> None:
    """2,000 samples: three standard errors of the share are 1.5 %."""
    moments = sharpe_moments(panel())
    low, high = interval(moments.ratio, moment_error(moments), 0.95)
    assert ((low < 0.25) & (high > 0.25)).mean() == pytest.approx(0.95, abs=0.015)


def test_an_interval_is_1_96_errors_to_each_side() -> None:
    low, high = interval(np.asarray(1.0), np.asarray(0.5))
    assert (low, high) == (pytest.approx(1 - 0.979982), pytest.approx(1 + 0.979982))


@pytest.mark.parametrize(
    ("per_year", "skew", "kurtosis", "years"),
    [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_track_records_are_those_of_bailey_and_lopez_de_prado(
    per_year: int, skew: float, kurtosis: float, years: float
) -> None:
    """2012: years for a ratio of 2 a year to exceed 1 a year with 95 %."""
    root = per_year**0.5
    found = min_track_record(moments_of(per_year, 2 / root, skew, kurtosis), 1 / root)
    assert found / per_year == pytest.approx(years, abs=0.005)


@pytest.mark.parametrize(("trials", "probability"), [(100, 0.9004), (46, 0.9505)])
def test_the_deflated_ratio_is_that_of_bailey_and_lopez_de_prado(
    trials: int, probability: float
) -> None:
    """2014: five years of 250 days, ratio 2.5 a year, variance of the trials 1/2 a year."""
    moments = moments_of(1250, 2.5 / 250**0.5, skew=-3.0, kurtosis=10.0)
    assert deflated_sharpe(moments, trials, 0.5 / 250) == pytest.approx(probability, abs=2e-4)


def test_the_expected_best_ratio_is_that_of_bailey_and_lopez_de_prado() -> None:
    assert expected_best_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)


def test_the_expected_best_is_nearly_the_mean_of_the_largest() -> None:
    best = np.random.default_rng(0).standard_normal((4000, 50)).max(axis=1).mean()
    assert expected_best_sharpe(50, 1.0) == pytest.approx(best, rel=0.02)


def test_one_trial_needs_no_deflation_and_more_need_more() -> None:
    moments = moments_of(60, 0.3)
    found = [float(deflated_sharpe(moments, n, 0.01)) for n in (1, 2, 10, 1000)]
    assert found[0] == float(probabilistic_sharpe(moments))
    assert found == sorted(found, reverse=True)


def test_excess_kurtosis_in_place_of_the_plain_one_would_be_a_mistake() -> None:
    """A popular package subtracts 3 twice; a probability then comes out too high."""
    right = probabilistic_sharpe(moments_of(60, 0.3, kurtosis=6.0), 0.1)
    assert probabilistic_sharpe(moments_of(60, 0.3, kurtosis=3.0), 0.1) > right


def test_the_probability_is_no_ratio_to_be_annualised() -> None:
    found = probabilistic_sharpe(sharpe_moments(panel(rows=50, mean=0.04)))
    assert (found <= 1.0).all()


def test_ratio_and_benchmark_cannot_be_exchanged() -> None:
    assert probabilistic_sharpe(moments_of(60, 0.3), 0.1) > 0.5
    assert probabilistic_sharpe(moments_of(60, 0.1), 0.3) < 0.5


def test_series_of_a_panel_keep_their_own_lengths() -> None:
    excess = np.stack([RETURNS, np.array([0.01, NAN, 0.03, NAN])])
    found = sharpe_moments(excess)
    assert found.count.tolist() == [4, 2]
    # Mean 0.02, deviation √(0.0002) = 0.0141421.
    np.testing.assert_allclose(found.ratio, [RATIO, 2**0.5])


@pytest.mark.parametrize("values", [[], [0.01], [NAN, NAN, NAN], [0.01] * 12, [0.01, NAN, NAN]])
def test_what_cannot_be_told_is_missing_and_never_infinite(values: list[float]) -> None:
    moments = sharpe_moments(np.asarray(values, dtype=float))
    found = [
        moments.ratio,
        moments.skew,
        moments.kurtosis,
        iid_error(moments),
        moment_error(moments),
        probabilistic_sharpe(moments),
        min_track_record(moments),
        *interval(moments.ratio, moment_error(moments)),
    ]
    assert np.isnan(np.asarray(found)).all()


def test_a_ratio_that_does_not_exceed_the_benchmark_never_will() -> None:
    assert np.isnan(min_track_record(moments_of(60, 0.1), 0.1))
    assert np.isnan(min_track_record(moments_of(60, -0.1)))


def test_a_ratio_without_variance_has_no_error() -> None:
    """Skew 2, kurtosis 5 and a ratio of 1: 1 - 2 + 1 = 0."""
    assert np.isnan(moment_error(moments_of(60, 1.0, skew=2.0, kurtosis=5.0)))


@pytest.mark.parametrize("value", [0.0, 1.0, 95.0, NAN])
def test_a_probability_outside_0_and_1_is_refused(value: float) -> None:
    with pytest.raises(ModelError, match="coverage: expected a probability between 0 and 1"):
        interval(np.zeros(1), np.ones(1), value)
    with pytest.raises(ModelError, match="confidence: expected a probability between 0 and 1"):
        min_track_record(moments_of(60, 0.1), confidence=value)


def test_arguments_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ModelError, match=r"confidence: expected at least 0\.5, got 0\.4"):
        min_track_record(moments_of(60, 0.1), confidence=0.4)
    with pytest.raises(ModelError, match="trials: expected at least 1, got 0"):
        expected_best_sharpe(0, 0.1)
    with pytest.raises(ModelError, match="expected no negative value, got -1"):
        expected_best_sharpe(2, -1.0)
    with pytest.raises(ModelError, match="periods_per_year: expected a positive number, got 0"):
        annualise(np.ones(1), 0)


@settings(deadline=None)
@given(histories, st.floats(0.1, 10.0))
def test_the_scale_of_returns_does_not_matter(values: FloatArray, scale: float) -> None:
    one, other = sharpe_moments(values), sharpe_moments(values * scale)
    np.testing.assert_allclose(other.ratio, one.ratio, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(moment_error(other), moment_error(one), rtol=1e-6)


@settings(deadline=None)
@given(histories)
def test_the_other_side_of_a_bet_has_the_opposite_ratio(values: FloatArray) -> None:
    long, short = sharpe_moments(values), sharpe_moments(-values)
    np.testing.assert_allclose(short.ratio, -long.ratio)
    np.testing.assert_allclose(moment_error(short), moment_error(long))
    np.testing.assert_allclose(
        probabilistic_sharpe(short), 1.0 - probabilistic_sharpe(long), atol=1e-12
    )


@settings(deadline=None)
@given(histories, st.lists(st.integers(0, 5), min_size=1, max_size=5))
def test_missing_months_anywhere_change_nothing(values: FloatArray, places: list[int]) -> None:
    padded = np.insert(values, places, NAN)
    one, other = sharpe_moments(values), sharpe_moments(padded)
    assert one.count == other.count
    np.testing.assert_allclose(other.ratio, one.ratio, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(moment_error(other), moment_error(one), rtol=1e-9)


ratios = st.floats(-1.0, 1.0)
skews = st.floats(-1.5, 1.5)
lengths = st.integers(12, 400)


@given(lengths, ratios, skews, ratios)
def test_the_probability_is_consistent_with_its_own_error(
    count: int, ratio: float, skew: float, benchmark: float
) -> None:
    """The benchmark at the lower end of a 90 % interval is exceeded with 95 %."""
    moments = moments_of(count, ratio, skew, kurtosis=4.0 + skew**2)
    low, high = interval(moments.ratio, moment_error(moments), 0.9)
    assert probabilistic_sharpe(moments, low) == pytest.approx(0.95)
    assert probabilistic_sharpe(moments, high) == pytest.approx(0.05)
    assert (probabilistic_sharpe(moments, benchmark) > 0.5) == (ratio > benchmark) or (
        abs(ratio - benchmark) < 1e-9
    )


@given(lengths, st.floats(0.01, 1.0), skews)
def test_longer_histories_tell_more(count: int, ratio: float, skew: float) -> None:
    short, long = (moments_of(n, ratio, skew, 4.0 + skew**2) for n in (count, count + 1))
    assert moment_error(long) < moment_error(short)
    assert iid_error(long) < iid_error(short)
    assert probabilistic_sharpe(long) >= probabilistic_sharpe(short)


@given(st.floats(0.05, 1.0), skews, st.floats(-0.5, 0.04), st.floats(0.6, 0.99))
def test_the_track_record_inverts_the_probability(
    ratio: float, skew: float, benchmark: float, confidence: float
) -> None:
    moments = moments_of(60, ratio, skew, 4.0 + skew**2)
    length = min_track_record(moments, benchmark, confidence)
    there = replace(moments, count=length)
    assert probabilistic_sharpe(there, benchmark) == pytest.approx(confidence, abs=1e-9)
