"""The distribution of errors: shape and width of the known ones, every date counting the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.contract import LEVELS, FloatArray, Forecast, State, Windows
from models.forecasters.many_networks import SharedInputs
from models.fund_sharpe import FundSharpeModel
from models.fund_sharpe.error_record import MIN_DATES, ErrorRecord, histograms
from models.fund_sharpe.errors import HIGH, LOW, MISSES, RATE, error_path, misses
from models.fund_sharpe.model import Fitted
from models.transforms.fund_windows import FundFeatures
from tests.models.fund_sharpe.made import CUTOFF, case


def with_errors(errors: FloatArray) -> FundFeatures:
    """Features whose every outcome is the reference plus `errors` (time) spreads."""
    features = case().features
    outcome = features.reference + errors[:, None] * features.spread
    return replace(features, outcome=outcome)


def record(errors: FloatArray) -> ErrorRecord:
    return ErrorRecord.of(with_errors(errors), 36)


def test_only_errors_known_at_the_time_count() -> None:
    # From CUTOFF - 5 on all errors are 50: the lead of 6 months cannot know them at CUTOFF.
    errors = np.where(np.arange(130) > CUTOFF - 6, 50.0, np.where(np.arange(130) % 2, 1.0, -1.0))
    known = record(errors).quantiles(CUTOFF, 60)[0]
    assert np.abs(known).max() < 1.1
    # One of 60 errors is 50 now, which moves the mean by 50 / 60.
    moved = record(errors).quantiles(CUTOFF + 1, 60)[0] - known
    assert moved[LEVELS.index(0.5)] == pytest.approx(-50 / 60, abs=0.1)


def test_a_constant_error_gives_no_width() -> None:
    """Only the shape about the mean is taken: bias of the past is not carried forward."""
    np.testing.assert_allclose(record(np.full(130, 1.5)).quantiles(CUTOFF, 60), 0.0, atol=0.03)


def test_two_equally_likely_errors_are_one_either_side() -> None:
    quantiles = record(np.where(np.arange(130) % 2, 3.0, 1.0)).quantiles(CUTOFF, 60)
    np.testing.assert_allclose(quantiles[:, LEVELS.index(0.1)], -1.0, atol=0.05)
    np.testing.assert_allclose(quantiles[:, LEVELS.index(0.9)], 1.0, atol=0.05)


def test_quantiles_are_those_of_the_pooled_errors() -> None:
    draw = np.random.default_rng(0).normal(size=130)
    span = draw[CUTOFF - 6 - 39 : CUTOFF - 6 + 1]
    found = record(draw).quantiles(CUTOFF, 40)[0]
    inner = [LEVELS.index(level) for level in (0.25, 0.5, 0.75)]
    expected = np.quantile(span, [0.25, 0.5, 0.75], method="hazen") - span.mean()
    np.testing.assert_allclose(found[inner], expected, atol=0.12)


def test_with_fewer_than_twelve_dates_errors_are_normal() -> None:
    features = with_errors(np.full(130, 5.0))
    first = int(features.rows(np.arange(130), 36)[1].min())
    eleven = first + 6 + MIN_DATES - 2
    made = ErrorRecord.of(features, 36)
    np.testing.assert_allclose(made.quantiles(eleven, 60)[0], stats.norm.ppf(LEVELS))
    assert not np.allclose(made.quantiles(eleven + 1, 60)[0], stats.norm.ppf(LEVELS))


def test_the_share_outside_counts_funds_of_one_date() -> None:
    made = record(np.linspace(-2.0, 2.0, 130))
    assert made.outside(100, 0, -3.0, 3.0) == 0.0
    assert made.outside(100, 0, 2.5, 3.0) == 1.0
    assert np.isnan(made.outside(0, 0, -3.0, 3.0))  # no fund has a history yet


def test_intervals_that_miss_grow_beyond_the_shape() -> None:
    """Errors become four times as large: the width follows faster than the quantiles do."""
    draw = np.random.default_rng(1).normal(size=130)
    made = record(np.where(np.arange(130) > 80, 4 * draw, draw))
    shape = made.quantiles(129, 200).mean(axis=0)
    assert error_path(made, 200, 12)[129, HIGH] > 1.1 * shape[HIGH]


def test_a_month_of_misses_widens_by_the_stated_rate() -> None:
    # Every error is 9 from time 60 on, far outside: all intervals that end miss.
    made = record(np.where(np.arange(130) >= 60, 9.0, 0.0))
    path = error_path(made, 10**4, 12)
    before, after = (path[t] / made.quantiles(t, 10**4).mean(axis=0) for t in (66, 67))
    # At 67 the outcomes of the two leads of 6 months miss, those of 12 months do not yet.
    growth = RATE / 12 * (misses(made, path, 67) - MISSES)
    np.testing.assert_allclose(np.log(after[HIGH] / before[HIGH]), growth, rtol=1e-6)
    assert misses(made, path, 67) == pytest.approx(0.5)


def test_a_path_knows_nothing_of_later_outcomes() -> None:
    draw = np.random.default_rng(2).normal(size=130)
    changed = np.where(np.arange(130) > CUTOFF - 6, 7.0, draw)
    one, other = (error_path(record(errors), 60, 12)[: CUTOFF + 1] for errors in (draw, changed))
    assert one.tobytes() == other.tobytes()


@given(st.floats(0.2, 5.0), st.integers(0, 1000))
def test_coverage_comes_to_the_stated_share_whatever_the_scale(scale: float, seed: int) -> None:
    """Even where theory's spread is wrong by a factor, within the bounds of the width."""
    draw = np.random.default_rng(seed).standard_t(4, size=(400, 60)) * scale
    made = synthetic(draw)
    path = error_path(made, 60, 12)
    held = [1 - made.outside(t, 0, *path[t, [LOW, HIGH]]) for t in range(120, 400)]
    assert np.mean(held) == pytest.approx(0.9, abs=0.03)


def synthetic(errors: FloatArray) -> ErrorRecord:
    """A record of independent errors, time × fund, of one lead that is known a month later."""
    share, mean = histograms(errors.ravel(), np.repeat(np.arange(len(errors)), errors.shape[1]))
    before = [np.concatenate([[0 * v[0]], np.cumsum(v, axis=0)]) for v in (share, mean)]
    dates = np.arange(len(errors) + 1.0)[:, None]
    return ErrorRecord((1,), share[:, None], before[0][:, None], before[1][:, None], dates)


class Perfect:
    """A network that corrects the reference by what is given it for every row."""

    def __init__(self, correction: float) -> None:
        self.correction = correction

    def fit(self, train: Windows, valid: Windows) -> Perfect:
        raise NotImplementedError

    def predict(self, windows: Windows) -> Forecast:
        mean = np.asarray(windows.reference) + self.correction
        return Forecast(mean, np.repeat(mean[..., None], len(LEVELS), axis=-1))

    def standardised_mean(self, inputs: SharedInputs) -> FloatArray:
        windows = inputs.windows
        return (self.predict(windows).mean - windows.reference) / windows.scale

    def state(self) -> State:
        raise NotImplementedError


def gain_with(correction: float, share: float) -> FloatArray:
    """Gain of an ensemble whose networks say `correction` where the error is always one."""
    made = case()
    features = replace(made.features, outcome=made.features.reference + 1.0)
    model = FundSharpeModel(replace(made.model.config, shrinkage=share))
    members = {cell: (Perfect(correction),) for cell in model.config.cells}
    fitted: Fitted = replace(made.model.fitted, members=members)  # type: ignore[arg-type]
    model.restore(fitted)
    return model._gain(features, CUTOFF)


def test_networks_that_say_nothing_gain_nothing() -> None:
    np.testing.assert_array_equal(gain_with(0.0, 0.5), 1.0)


def test_what_the_ensemble_leaves_of_an_error_is_left_of_the_width() -> None:
    # Error 1, correction 0.1 at share 0.5: 0.95 is left.
    np.testing.assert_allclose(gain_with(0.1, 0.5), 0.95)


@pytest.mark.parametrize(("correction", "expected"), [(2.0, 0.8), (-2.0, 1.0)])
def test_gains_are_bounded(correction: float, expected: float) -> None:
    """A perfect fit of dates that were seen is not believed; a bad one does not widen."""
    np.testing.assert_allclose(gain_with(correction, 0.5), expected)
