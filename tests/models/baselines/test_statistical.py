"""Each series forecast alone by a classical model, and what stands in when it cannot be."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from models.baselines import (
    SES,
    AutoARIMA,
    AutoARIMAConfig,
    AutoETS,
    AutoTheta,
    SeasonalConfig,
    SeriesMean,
    StatisticalConfig,
)
from models.baselines.own_fit import COVERAGES, fit_and_forecast, newest_stretch
from models.baselines.statistical import StatisticalBaseline
from models.contract import Forecast, Windows
from models.errors import ConfigError
from tests.models.baselines.panels import at_origin, no_rows, windows_of

NAN = float("nan")
NOISE = np.random.default_rng(3).normal(size=60)


def forecast_of(model: StatisticalBaseline, windows: Windows, rows: Windows) -> Forecast:
    return model.fit(windows, no_rows(windows)).predict(rows)


def test_the_newest_stretch_ends_at_the_newest_value_and_has_no_gap() -> None:
    values, silent = newest_stretch(np.array([1.0, NAN, 3.0, 4.0, NAN, NAN]))
    assert values.tolist() == [3.0, 4.0]
    assert silent == 2


def test_a_whole_series_is_one_stretch_and_an_empty_one_is_none() -> None:
    assert newest_stretch(np.array([1.0, 2.0]))[0].tolist() == [1.0, 2.0]
    assert newest_stretch(np.array([NAN, NAN]))[0].tolist() == []


def test_the_intervals_asked_for_hold_the_quantiles() -> None:
    assert COVERAGES[0] == 95
    assert COVERAGES[-1] == 5
    assert len(COVERAGES) == 19


def test_exponential_smoothing_forecasts_one_level_for_all_horizons() -> None:
    windows = windows_of([NOISE.tolist()], horizons=(1, 6), lookback=1)
    forecast = forecast_of(SES(), windows, at_origin(windows, 0, 59))
    assert forecast.mean[0, 0] == forecast.mean[0, 1]
    assert abs(forecast.mean[0, 0] - NOISE.mean()) < 0.2  # noise is smoothed to its mean
    lower, upper = forecast.interval(0.9)
    assert upper[0, 0] - lower[0, 0] == pytest.approx(2 * 1.645 * NOISE.std(), rel=0.1)
    assert forecast.median[0, 0] == pytest.approx(forecast.mean[0, 0], abs=1e-6)


@pytest.mark.parametrize("model", [AutoETS(), AutoTheta(), AutoARIMA()], ids=lambda m: m.kind)
def test_a_straight_line_goes_on(model: StatisticalBaseline) -> None:
    line = 10.0 + 2.0 * np.arange(40) + 0.01 * NOISE[:40]
    windows = windows_of([line.tolist()], horizons=(1, 5), lookback=1)
    forecast = forecast_of(model, windows, at_origin(windows, 0, 39))
    # 10 + 2 · 40 and 10 + 2 · 44; theta models pull the slope toward its half at first.
    np.testing.assert_allclose(forecast.mean[0], [90.0, 98.0], rtol=0.02)


@pytest.mark.parametrize(
    "model", [AutoETS(SeasonalConfig(season_length=4)), AutoARIMA(AutoARIMAConfig(season_length=4))]
)
def test_a_season_comes_back(model: StatisticalBaseline) -> None:
    season = np.tile([10.0, 20.0, 30.0, 20.0], 12) + 0.1 * NOISE[:48]
    windows = windows_of([season.tolist()], horizons=(1, 2, 3, 4), lookback=1)
    forecast = forecast_of(model, windows, at_origin(windows, 0, 47))
    np.testing.assert_allclose(forecast.mean[0], [10.0, 20.0, 30.0, 20.0], atol=0.5)


def test_every_row_is_fitted_on_its_own_history_up_to_its_origin() -> None:
    windows = windows_of([NOISE.tolist(), (5.0 + NOISE).tolist()], lookback=1)
    rows = windows.select(windows.origin == 30)
    forecast = forecast_of(SES(), windows, rows)
    alone = fit_and_forecast("AutoETS", {"model": "ANN"}, 5.0 + NOISE[:31], 1)
    assert alone is not None
    assert forecast.mean[1, 0] == alone[0, 0]
    assert (forecast.quantiles[1, 0] == alone[0, 1:]).all()


def test_the_future_does_not_reach_a_forecast() -> None:
    windows = windows_of([NOISE.tolist()], lookback=1)
    changed = windows_of([[*NOISE[:31], *np.full(29, 99.0)]], lookback=1)
    model = AutoETS().fit(windows, no_rows(windows))
    before = model.predict(at_origin(windows, 0, 30))
    after = model.predict(at_origin(changed, 0, 30))
    assert (before.quantiles == after.quantiles).all()


def test_a_series_that_fell_silent_is_forecast_from_its_newest_value() -> None:
    trend = np.arange(30.0) + 0.01 * NOISE[:30]
    silent = windows_of([[*trend, NAN, NAN]], horizons=(1, 3), lookback=1)
    whole = windows_of([trend.tolist()], horizons=(3, 5), lookback=1)
    late = forecast_of(AutoETS(), silent, at_origin(silent, 0, 31))
    early = forecast_of(AutoETS(), whole, at_origin(whole, 0, 29))
    assert (late.mean == early.mean).all()


def test_a_short_history_gets_the_mean_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    windows = windows_of([NOISE.tolist()], lookback=1)
    model = SES(StatisticalConfig(min_observations=20))
    rows = windows.select((windows.origin == 18) | (windows.origin == 19))
    with caplog.at_level(logging.INFO):
        forecast = forecast_of(model, windows, rows)
    mean = SeriesMean().fit(windows, no_rows(windows)).predict(rows)
    assert (forecast.quantiles[0] == mean.quantiles[0]).all()
    assert (forecast.quantiles[1] != mean.quantiles[1]).any()
    assert model.fallbacks == {"short": 1, "failed": 0}
    assert "ses: the series' mean stands in for 1 of 2 rows (1 with too short" in caplog.text


def test_a_gap_shortens_the_history() -> None:
    values = NOISE.copy()
    values[50] = NAN
    windows = windows_of([values.tolist()], lookback=1)
    model = SES(StatisticalConfig(min_observations=12))
    forecast_of(model, windows, at_origin(windows, 0, 59))
    assert model.fallbacks == {"short": 1, "failed": 0}


def test_a_fit_that_breaks_down_gets_the_mean_and_is_counted() -> None:
    windows = windows_of([NOISE.tolist()], lookback=1)
    model = AutoETS(SeasonalConfig(min_observations=2))
    rows = at_origin(windows, 0, 2)  # three values are too few for statsforecast
    forecast = forecast_of(model, windows, rows)
    assert forecast.mean[0, 0] == pytest.approx(NOISE[:3].mean())
    assert model.fallbacks == {"short": 0, "failed": 1}


def test_infinite_values_fail_and_do_not_pass() -> None:
    assert fit_and_forecast("AutoETS", {}, np.full(30, 1e308), 2) is None


def test_a_season_of_no_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="season_length: expected 1 or more, got 0"):
        SeasonalConfig(season_length=0)


@pytest.mark.slow
def test_rows_shared_by_processes_give_the_same() -> None:
    windows = windows_of([NOISE.tolist()], lookback=20)
    alone = forecast_of(AutoTheta(), windows, windows)
    shared = forecast_of(AutoTheta(SeasonalConfig(n_jobs=2)), windows, windows)
    assert (alone.quantiles == shared.quantiles).all()
