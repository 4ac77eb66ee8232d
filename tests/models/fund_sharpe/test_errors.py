"""The distribution of errors: shape and width of the known ones, every date counting the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from models.contract import LEVELS, FloatArray, Forecast, State, Windows
from models.fund_sharpe import FundSharpeModel
from models.fund_sharpe.errors import MIN_CALIBRATION_DATES, error_quantiles, known_errors
from models.fund_sharpe.model import Fitted
from models.transforms.fund_windows import FundFeatures
from tests.models.fund_sharpe.made import CUTOFF, case


def with_errors(errors: FloatArray) -> FundFeatures:
    """Features whose every outcome is the reference plus `errors` (time) spreads."""
    features = case().features
    outcome = features.reference + errors[:, None] * features.spread
    return replace(features, outcome=outcome)


def test_only_errors_known_at_the_cutoff_count() -> None:
    # The error at each time is the time itself, so the times can be read off.
    features = with_errors(np.arange(130.0))
    for lead, horizon in enumerate((6, 12, 6, 12)):
        errors, origin = known_errors(features, lead, 36, 20, CUTOFF)
        assert (origin.min(), origin.max()) == (CUTOFF - horizon - 19, CUTOFF - horizon)
        np.testing.assert_allclose(errors, origin, rtol=1e-9)


def test_a_constant_error_gives_no_width() -> None:
    """Only the shape about the mean is taken: bias of the past is not carried forward."""
    quantiles = error_quantiles(with_errors(np.full(130, 1.5)), 36, 60, CUTOFF)
    np.testing.assert_allclose(quantiles, 0.0, atol=1e-12)


def test_two_equally_likely_errors_are_one_either_side() -> None:
    features = with_errors(np.where(np.arange(130) % 2, 3.0, 1.0))
    quantiles = error_quantiles(features, 36, 60, CUTOFF)
    low, high = quantiles[..., LEVELS.index(0.1)], quantiles[..., LEVELS.index(0.9)]
    np.testing.assert_allclose(low, -1.0, atol=0.03)
    np.testing.assert_allclose(high, 1.0, atol=0.03)


def test_doubled_errors_double_the_width() -> None:
    draw = np.random.default_rng(0).normal(size=130)
    once, twice = (error_quantiles(with_errors(k * draw), 36, 60, CUTOFF) for k in (1, 2))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-9)


def test_with_fewer_than_twelve_dates_errors_are_normal() -> None:
    features = with_errors(np.full(130, 5.0))
    first = int(features.rows(np.arange(130), 36)[1].min())
    eleven = first + 6 + MIN_CALIBRATION_DATES - 2
    normal = error_quantiles(features, 36, 60, eleven)
    np.testing.assert_allclose(normal, np.broadcast_to(stats.norm.ppf(LEVELS), normal.shape))
    twelve = error_quantiles(features, 36, 60, eleven + 1)
    assert not np.allclose(twelve, normal)


class Perfect:
    """A network that corrects the reference by what is given it for every row."""

    def __init__(self, correction: float) -> None:
        self.correction = correction

    def fit(self, train: Windows, valid: Windows) -> Perfect:
        raise NotImplementedError

    def predict(self, windows: Windows) -> Forecast:
        mean = np.asarray(windows.reference) + self.correction
        return Forecast(mean, np.repeat(mean[..., None], len(LEVELS), axis=-1))

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


def test_a_tenth_less_error_is_believed_by_half() -> None:
    # Error 1, correction 0.2 at share 0.5: 0.9 is left, and (1 + 0.9) / 2 = 0.95.
    np.testing.assert_allclose(gain_with(0.2, 0.5), 0.95)


@pytest.mark.parametrize(("correction", "expected"), [(2.0, 0.9), (-2.0, 1.0)])
def test_gains_are_bounded(correction: float, expected: float) -> None:
    """A perfect fit of dates that were seen is not believed; a bad one does not widen."""
    np.testing.assert_allclose(gain_with(correction, 0.5), expected)
