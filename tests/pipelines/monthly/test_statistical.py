"""Classical models are chosen by what they will cost, and never fail a whole table."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray, Windows
from models.errors import ConfigError
from models.monthly.pool import Pooled
from models.monthly.windows import panel_windows
from pipelines.monthly.statistical import MODELS, expected_seconds, plan, statistical_forecast
from tests.models.monthly.panels import seasonal_panel

NAN = np.nan


def asked(values: FloatArray, horizon: int = 3) -> Windows:
    """The newest row of every series."""
    count, times = values.shape
    pooled = Pooled(np.zeros((1, count, horizon)), first=times - 1)
    return panel_windows(values, pooled, 4, 2, np.arange(count), np.full(count, times - 1))


def forecast(name: str, values: FloatArray, season: int = 4) -> FloatArray:
    return statistical_forecast(name, asked(values), season, 1, lambda _seconds: None).median


def test_the_budget_goes_to_the_cheapest_models_first() -> None:
    rows = asked(seasonal_panel(4, 60))
    costs = [expected_seconds(name, rows, 4) for name in MODELS]
    chosen = plan(rows, 4, costs[0] + costs[1])
    assert chosen.models == ("ses", "auto_theta")
    assert list(chosen.left_out) == ["auto_ets", "auto_arima"]
    assert "raise --statistical-minutes" in chosen.left_out["auto_arima"]


def test_costs_grow_with_the_known_values_and_fall_without_a_season() -> None:
    short, long = asked(seasonal_panel(4, 30)), asked(seasonal_panel(4, 60))
    assert expected_seconds("auto_ets", long, 4) > expected_seconds("auto_ets", short, 4)
    assert expected_seconds("auto_ets", long, 1) < expected_seconds("auto_ets", long, 4)


def test_a_long_season_makes_arima_dear() -> None:
    rows = asked(seasonal_panel(4, 60))
    assert expected_seconds("auto_arima", rows, 24) == 4 * expected_seconds("auto_arima", rows, 12)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_forecasts_a_level(name: str) -> None:
    level = 50 + np.random.default_rng(0).normal(size=(2, 24))
    np.testing.assert_allclose(forecast(name, level), 50, atol=3)


def test_a_clean_season_is_found() -> None:
    season = np.tile([10.0, 20.0, 30.0, 20.0], (1, 8))
    season += np.random.default_rng(0).normal(0, 0.1, size=season.shape)
    np.testing.assert_allclose(forecast("auto_ets", season), [[10, 20, 30]], atol=2)


def test_a_series_shorter_than_two_seasons_is_fitted_without_one() -> None:
    short = np.array([[NAN] * 10 + [5.0, 6.0, 5.0, 6.0, 5.0, 6.0]])
    assert np.isfinite(forecast("auto_theta", short, season=12)).all()


def test_the_last_value_stands_in_for_a_series_of_three() -> None:
    np.testing.assert_array_equal(forecast("ses", np.array([[NAN, 1.0, 2.0, 7.0]])), [[7, 7, 7]])


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no classical model 'tbats'; there are: ses"):
        statistical_forecast("tbats", asked(np.ones((1, 9))), 4, 1, lambda _seconds: None)
