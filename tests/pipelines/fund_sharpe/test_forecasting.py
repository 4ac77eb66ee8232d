"""Every fund of a file is forecast at its newest month, or is a reject with its reason."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.errors import ConfigError
from models.fund_sharpe import FundSharpeForecaster
from models.fund_sharpe.serving import SomeForecasts
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.forecast_table import FORECAST_SCHEMA, sharpe_now
from pipelines.fund_sharpe.forecasting import (
    FROM_FILE,
    FROM_TRAINING,
    PanelForecast,
    forecast_panel,
)
from tests.pipelines.fund_sharpe.tiny import fitted, panel

#: 12 funds, 2004-01 to 2016-06; the model has seen ten years of them, to 2013-12.
MONTHS, SEEN = 150, 120


@cache
def model() -> FundSharpeForecaster:
    return fitted(panel(), SEEN)


def with_returns(data: ReturnsPanel, fund: int, months: slice, value: float) -> ReturnsPanel:
    returns = data.returns.copy()
    returns[fund, months] = value
    return replace(data, returns=returns)


def means(made: PanelForecast, fund: str) -> list[float]:
    return made.forecasts.filter(id=fund)["mean"].to_list()


def test_each_fund_has_a_row_for_every_target_and_horizon() -> None:
    made = forecast_panel(model(), panel())
    assert made.forecasts.height == 12 * 4
    assert made.funds == 12
    assert made.rejects.height == 0
    first = made.forecasts.filter(id="F00").select("target", "horizon", "origin", "month")
    assert first.rows() == [
        ("rolling", 6, "2016-06", "2016-12"),
        ("rolling", 12, "2016-06", "2017-06"),
        ("forward", 6, "2016-06", "2016-12"),
        ("forward", 12, "2016-06", "2017-06"),
    ]


def test_past_the_training_a_file_of_ten_funds_tells_its_own_market() -> None:
    made = forecast_panel(model(), panel())
    inner = model().model
    features = inner.features(panel().excess, panel().risk_free)
    expected = inner.predict(features, np.arange(12), np.full(12, MONTHS - 1)).mean
    assert made.market == FROM_FILE
    np.testing.assert_allclose(
        made.forecasts["mean"].to_numpy().reshape(12, 4), expected, rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(
    ("funds", "until"), [(9, MONTHS), (12, SEEN)], ids=["nine funds", "no newer month"]
)
def test_else_the_market_is_that_of_training(funds: int, until: int) -> None:
    data = panel().pick(np.arange(funds)).until(until)
    made = forecast_panel(model(), data)
    expected = model().forecast(data.excess, data.periods[-1]).forecast.mean
    assert made.market == FROM_TRAINING
    np.testing.assert_allclose(
        made.forecasts["mean"].to_numpy().reshape(funds, 4), expected, rtol=0, atol=1e-6
    )


def test_funds_without_36_months_do_not_make_a_market() -> None:
    data = panel()
    for fund in (9, 10, 11):
        data = with_returns(data, fund, slice(0, MONTHS - 35), np.nan)
    assert forecast_panel(model(), data).market == FROM_TRAINING


def test_a_fund_that_ended_is_forecast_at_its_own_end_and_told() -> None:
    data = with_returns(panel(), 3, slice(140, None), np.nan)
    row = forecast_panel(model(), data).forecasts.filter(id="F03").row(0, named=True)
    assert (row["origin"], row["month"], row["months"]) == ("2015-08", "2016-02", 140)
    assert "returns end in 2015-08, 10 months before the file does (2016-06)" in row["warnings"]


def test_what_comes_after_a_funds_end_does_not_touch_its_forecast() -> None:
    ended = with_returns(panel(), 3, slice(140, None), np.nan)
    other = replace(ended, returns=np.where(np.arange(MONTHS) >= 140, 0.5, ended.returns))
    other = with_returns(other, 3, slice(140, None), np.nan)
    before, after = (forecast_panel(model(), data) for data in (ended, other))
    assert means(before, "F03") == means(after, "F03")
    assert means(before, "F00") != means(after, "F00")


def test_funds_that_cannot_be_forecast_are_rejects_with_their_reason() -> None:
    data = with_returns(panel(), 1, slice(0, MONTHS - 20), np.nan)
    data = with_returns(data, 2, slice(MONTHS - 6, MONTHS - 1), np.nan)
    data = with_returns(data, 4, slice(MONTHS - 12, None), 0.001)
    data = with_returns(data, 5, slice(None), np.nan)
    made = forecast_panel(model(), data)
    assert made.rejects.select("id", "last_month", "months").rows() == [
        ("F01", "2016-06", 20),
        ("F02", "2016-06", 145),
        ("F04", "2016-06", 150),
        ("F05", None, 0),
    ]
    reasons = made.rejects["reason"].to_list()
    assert reasons[0] == "expected at least 24 months with a return, got 20"
    assert reasons[1].startswith("5 of the newest 12 periods are missing, at most 3 may be")
    assert "do not vary" in reasons[2]
    assert made.funds + made.rejects.height == 12


def test_a_reject_leaves_the_others_as_they_were() -> None:
    nine = panel().pick(np.arange(9))
    constant = with_returns(nine, 4, slice(MONTHS - 12, None), 0.001)
    before, after = (forecast_panel(model(), data) for data in (nine, constant))
    np.testing.assert_allclose(means(before, "F00"), means(after, "F00"), rtol=0, atol=1e-6)


def test_a_file_of_rejects_alone_gives_an_empty_table() -> None:
    made = forecast_panel(model(), panel().until(20))
    assert made.forecasts.schema == FORECAST_SCHEMA
    assert (made.funds, made.rejects.height) == (0, 12)


def test_a_forecast_that_is_not_finite_is_a_reject() -> None:
    class OneBroken(FundSharpeForecaster):
        def forecast_some(self, *given: Any) -> SomeForecasts:
            some = super().forecast_some(*given)
            some.forecast.mean[2] = np.nan
            return some

    broken = OneBroken(model().model, model().trained_until)
    made = forecast_panel(broken, panel().pick(np.arange(9)))
    assert made.rejects["id"].to_list() == ["F02"]
    assert "not finite" in made.rejects["reason"][0]
    assert made.funds == 8


def test_short_old_and_gappy_data_are_told() -> None:
    data = with_returns(panel(), 1, slice(0, MONTHS - 40), np.nan)
    data = with_returns(data, 2, slice(130, 132), np.nan)
    made = forecast_panel(model(), data)
    told = dict(made.forecasts.select("id", "warnings").unique().rows())
    assert told["F00"] == ""
    assert told["F01"] == "short history: 40 months; the forecast leans on other funds"
    assert told["F02"] == "2 of 150 months have no return"
    old = forecast_panel(model(), panel().until(100)).forecasts["warnings"][0]
    assert old.startswith("the data end in 2012-04, but the model was trained on data to 2013-12")


def test_intervals_are_the_forecasts_and_nested() -> None:
    data = panel().pick(np.arange(9))
    table = forecast_panel(model(), data).forecasts
    forecast = model().forecast(data.excess, data.periods[-1]).forecast
    low, high = forecast.interval(0.8)
    np.testing.assert_allclose(table["lower_80"].to_numpy(), low.ravel(), atol=1e-6)
    np.testing.assert_allclose(table["upper_80"].to_numpy(), high.ravel(), atol=1e-6)
    names = ["lower_95", "lower_90", "lower_80", "lower_50", "median"]
    names += ["upper_50", "upper_80", "upper_90", "upper_95"]
    assert (np.diff(table.select(names).to_numpy(), axis=1) > 0).all()


def test_the_sharpe_ratio_now_is_that_of_the_newest_window() -> None:
    # 0.01 and 0.03 six times each: mean 0.02, deviation 0.01 √(12/11).
    whole = [0.5] + [0.01, 0.03] * 6
    excess = np.array([whole, [*whole[:-1], np.nan]])
    ratio, error = sharpe_now(excess, 12, 12)
    assert ratio[0] == pytest.approx(2 / np.sqrt(12 / 11) * np.sqrt(12))
    # Two-point returns: no skew, kurtosis 1, so the error is √(1 / 11), annualised.
    assert error[0] == pytest.approx(np.sqrt(12 / 11))
    assert np.isnan([ratio[1], error[1]]).all()
    assert np.isnan(sharpe_now(excess[:, 2:], 12, 12)).all()


@pytest.mark.parametrize("periods", [4, 52])
def test_other_frequencies_are_refused(periods: int) -> None:
    with pytest.raises(ConfigError, match=f"the data have {periods}"):
        forecast_panel(model(), replace(panel(), periods_per_year=periods))
