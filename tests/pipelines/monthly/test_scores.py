"""Scores of small panels, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import LEVELS, FloatArray, Forecast
from models.errors import DataError
from pipelines.monthly.scores import naive_scale, score

NAN = np.nan


def sure(points: FloatArray) -> Forecast:
    """A forecast without spread."""
    return Forecast(points, np.repeat(points[..., None], len(LEVELS), axis=2))


def test_the_scale_is_the_mean_seasonal_difference_of_the_training_part() -> None:
    # |5 - 1|, |8 - 2| and 4: mean 14 / 3.
    np.testing.assert_allclose(naive_scale(np.array([[1.0, 2, 5, 8, 9]]), 2), [14 / 3])


def test_a_part_not_longer_than_a_season_is_scaled_by_single_steps() -> None:
    np.testing.assert_allclose(naive_scale(np.array([[NAN, 1.0, 4.0]]), 12), [3.0])


def test_a_constant_series_has_no_scale() -> None:
    assert np.isnan(naive_scale(np.full((1, 9), 3.0), 2)).all()


def test_mase_is_the_mean_over_series_of_scaled_errors() -> None:
    # Errors 1 and 3 over 2: 1.0; error 5 over 10, the other outcome missing: 0.5.
    found = score(
        sure(np.array([[11.0, 13.0], [5.0, 5.0]])),
        np.array([[10.0, 10.0], [10.0, NAN]]),
        np.array([2.0, 10.0]),
    )
    assert found.mase == pytest.approx(0.75)


def test_smape_is_in_percent_and_zero_for_zero_on_zero() -> None:
    found = score(sure(np.array([[3.0, 0.0]])), np.array([[1.0, 0.0]]), np.ones(1))
    assert found.smape == pytest.approx((200 * 2 / 4 + 0) / 2)


def test_crps_of_a_sure_forecast_is_close_to_its_mase() -> None:
    found = score(sure(np.array([[12.0]])), np.array([[10.0]]), np.array([4.0]))
    assert found.crps == pytest.approx(found.mase, rel=0.03)


def test_series_without_a_scale_count_in_smape_alone() -> None:
    forecast, outcome = sure(np.array([[2.0], [3.0]])), np.array([[1.0], [1.0]])
    found = score(forecast, outcome, np.array([1.0, NAN]))
    assert found.mase == pytest.approx(1.0)
    assert found.smape == pytest.approx((200 / 3 + 100) / 2)


def test_a_panel_of_constants_cannot_be_scored() -> None:
    with pytest.raises(DataError, match="no series can be scored"):
        score(sure(np.ones((1, 2))), np.ones((1, 2)), np.array([NAN]))
