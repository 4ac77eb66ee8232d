"""Calibrated intervals cover what they claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import State
from models.errors import ArtefactError, ModelError, NotFittedError
from models.transforms.conformal import MIN_OUTCOMES, Calibrated, interval_offsets, widen
from tests.models.transforms.fixed import NORMAL, Fixed, normal_forecast, windows_of

NAN = float("nan")


def outcomes(rows: int, spread: float = 1.0, seed: int = 0) -> np.ndarray:
    return spread * np.random.default_rng(seed).standard_normal((rows, 1))


def test_19_outcomes_make_the_widest_offset_the_largest_miss() -> None:
    """All quantiles at zero, outcomes 1 .. 19: the 95 % interval needs the 19th, (19 + 1) × 0.95,
    the 50 % interval the 10th."""
    target = np.arange(1.0, 20.0)[:, None]
    forecast = normal_forecast(np.zeros((19, 1)), spread=0.0)
    offsets = interval_offsets(forecast, target, np.ones((19, 1)))
    assert MIN_OUTCOMES == 19
    assert offsets[0, 0] == 19.0
    assert offsets[0, 9] == 10.0


def test_offsets_are_in_units_of_the_scale() -> None:
    target = np.arange(1.0, 20.0)[:, None]
    forecast = normal_forecast(np.zeros((19, 1)), spread=0.0)
    scale = np.full((19, 1), 2.0)
    offsets = interval_offsets(forecast, target, scale)
    assert offsets[0, 0] == 9.5
    assert widen(forecast, offsets, scale).quantiles[0, 0, -1] == 19.0


def test_missing_outcomes_are_left_out_of_each_lead() -> None:
    target = np.stack([np.arange(1.0, 21.0), np.arange(1.0, 21.0)], axis=1)
    target[-1, 0] = NAN
    forecast = normal_forecast(np.zeros((20, 2)), spread=0.0)
    offsets = interval_offsets(forecast, target, np.ones((20, 2)))
    assert offsets[:, 0].tolist() == [19.0, 20.0]


def test_too_few_outcomes_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        Calibrated(Fixed([0.0])).calibrate(windows_of(outcomes(18)))
    assert str(caught.value) == (
        "conformal calibration: lead 0 has 18 outcomes in the validation rows, a 95 % interval "
        "needs 19; give a longer span"
    )


@pytest.mark.parametrize("claimed", [0.3, 3.0])
def test_intervals_that_are_too_narrow_or_too_wide_come_to_cover_the_truth(
    claimed: float,
) -> None:
    model = Calibrated(Fixed([0.0], claimed)).fit(
        windows_of(outcomes(1)), windows_of(outcomes(2000))
    )
    fresh = outcomes(4000, seed=1)
    forecast = model.predict(windows_of(fresh))
    for coverage in (0.5, 0.8, 0.9, 0.95):
        low, high = forecast.interval(coverage)
        assert ((low < fresh) & (fresh < high)).mean() == pytest.approx(coverage, abs=0.03)


def test_the_mean_and_the_median_stay_and_no_quantiles_cross() -> None:
    model = Calibrated(Fixed([5.0], 3.0)).calibrate(windows_of(5.0 + outcomes(200, 0.1)))
    forecast = model.predict(windows_of(outcomes(3)))
    assert (forecast.mean == 5.0).all()
    assert (forecast.median == 5.0).all()
    assert (np.diff(forecast.quantiles, axis=-1) >= 0).all()


def test_quantiles_that_would_cross_are_held_at_their_inner_neighbour() -> None:
    """Every end moves in by 9, past the median: all are held there."""
    forecast = normal_forecast(np.zeros((1, 1)))
    held = widen(forecast, np.full((1, 19), -9.0), np.ones((1, 1)))
    assert (held.quantiles == 0.0).all()


def test_the_scale_of_the_rows_to_come_is_used() -> None:
    valid = windows_of(outcomes(200, 2.0))
    rows = windows_of(outcomes(1))
    model = Calibrated(Fixed([0.0])).calibrate(valid)
    twice = replace(rows, scale=np.full((1, 1), 2.0))
    added = model.predict(rows).quantiles[0, 0] - NORMAL
    np.testing.assert_allclose(model.predict(twice).quantiles[0, 0] - NORMAL, 2 * added)


def test_a_model_that_is_not_calibrated_says_so() -> None:
    with pytest.raises(NotFittedError, match="call fit or calibrate"):
        Calibrated(Fixed([0.0])).predict(windows_of(outcomes(1)))


def test_a_calibrated_model_comes_back_from_its_state() -> None:
    model = Calibrated(Fixed([0.0])).calibrate(windows_of(outcomes(50)))
    rows = windows_of(outcomes(2))
    again = Calibrated.from_state(model.state(), Fixed.from_state)
    np.testing.assert_array_equal(again.predict(rows).quantiles, model.predict(rows).quantiles)


def test_a_state_without_its_parts_is_refused() -> None:
    with pytest.raises(ModelError, match=r"models\.catalogue\.restore"):
        Calibrated.from_state(State("calibrated", {}))
    with pytest.raises(ArtefactError, match="expected a forecaster and its offsets"):
        Calibrated.from_state(State("calibrated", {}), Fixed.from_state)
