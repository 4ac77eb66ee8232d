"""A panel that is no basis for a model is refused, and the champion's record is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.errors import ConfigError, DataError
from models.fund_sharpe import FundSharpeForecaster
from pipelines.datasets.panel import ReturnsPanel
from pipelines.retraining.decide import decide
from pipelines.retraining.domain import Facts
from pipelines.retraining.fund_checks import realised, remarks
from pipelines.retraining.fund_drift import drift_of, forecasts
from tests.pipelines.fund_sharpe.tiny import fitted, tiny_config
from tests.pipelines.retraining.scripted import settings
from tests.pipelines.retraining.worlds import small_panel


def champion(until: int = 150) -> FundSharpeForecaster:
    return fitted(small_panel(180), until)


def with_newest(panel: ReturnsPanel, funds: int) -> ReturnsPanel:
    """The panel with returns of only so many funds in its newest period."""
    returns = panel.returns.copy()
    returns[funds:, -1] = np.nan
    return replace(panel, returns=returns)


def test_a_sound_panel_is_described() -> None:
    assert remarks(small_panel(180), tiny_config(), champion()) == [
        "12 funds, 2004-01 to 2018-12, 12 of them in the newest period."
    ]


def test_a_wild_return_is_told() -> None:
    panel = small_panel(180)
    panel.returns[0, -3] = 1.5
    assert "1 excess returns of the newest year are beyond 100%." in remarks(
        panel, tiny_config(), None
    )


def test_a_newest_period_that_is_half_there_is_refused() -> None:
    with pytest.raises(DataError, match="2018-12 has returns of 8 funds, the year before had 12"):
        remarks(with_newest(small_panel(180), 8), tiny_config(), None)
    assert remarks(with_newest(small_panel(180), 9), tiny_config(), None)


def test_a_file_of_a_year_is_refused() -> None:
    with pytest.raises(DataError, match="expected more than 12 periods, got 12"):
        remarks(small_panel(12), tiny_config(), None)


def test_an_old_file_is_refused() -> None:
    with pytest.raises(DataError, match=r"end in 2014-04, before the champion's \(2016-06\)"):
        remarks(small_panel(124), tiny_config(), champion())


def test_a_file_without_the_champions_time_is_refused() -> None:
    panel = small_panel(180)
    late = replace(
        panel,
        periods=panel.periods[160:],
        returns=panel.returns[:, 160:],
        risk_free=panel.risk_free[160:],
    )
    with pytest.raises(DataError, match="begin in 2017-05, after the champion's training ended"):
        remarks(late, tiny_config(), champion())


def test_another_frequency_is_refused() -> None:
    weekly = replace(small_panel(180), periods_per_year=52)
    with pytest.raises(DataError, match="expected 12 periods a year"):
        remarks(weekly, tiny_config(), champion())
    with pytest.raises(ConfigError, match="periods_per_year: expected 52"):
        remarks(weekly, tiny_config(), None)


def test_a_challenger_that_forecasts_less_is_refused() -> None:
    less = replace(tiny_config(), horizons=(6,))
    with pytest.raises(ConfigError, match="the champion forecasts rolling_12, forward_12"):
        remarks(small_panel(180), less, champion())


def test_realised_outcomes_are_those_since_the_training_ended() -> None:
    found = realised(small_panel(180), champion(150), {})
    # Indices 149 to 173 have an outcome six months later.
    assert (found.age, found.outcomes, found.error) == (30, 25, None)
    assert found.coverage is not None
    assert 0.5 < found.coverage <= 1.0


def test_the_realised_error_is_held_against_that_of_the_backtest() -> None:
    plain = realised(small_panel(180), champion(150), {"rolling_6": 1.0})
    half = realised(small_panel(180), champion(150), {"rolling_6": 0.5})
    assert half.error == pytest.approx(2 * (plain.error or 0.0))


def test_a_young_champion_has_no_outcomes_yet() -> None:
    found = realised(small_panel(180), champion(176), {"rolling_6": 1.0})
    assert (found.age, found.outcomes, found.coverage, found.error) == (4, 0, None, None)


def test_drift_is_reported_and_a_panel_that_is_too_short_says_so() -> None:
    assert drift_of(small_panel(180), 12)["drifted"] is False
    short = drift_of(small_panel(30), 12)
    assert short["drifted"] is None
    assert short["sentences"][0].startswith("No drift report: ")


def test_a_planted_change_of_volatility_is_drift() -> None:
    panel = small_panel(180)
    panel.returns[:, -12:] *= 4.0
    assert drift_of(panel, 12)["drifted"] is True


def test_the_champions_forecasts_and_outcomes_are_looked_at_too() -> None:
    panel = small_panel(180)
    report = drift_of(panel, 12, champion())
    assert [one["kind"] for one in report["reports"]] == [
        "fund-sharpe inputs",
        "forecasts",
        "outcomes since the training",
    ]
    assert report["alpha"] == 0.05
    assert report["drifted"] is False


def test_outcomes_of_served_forecasts_that_never_held_are_drift() -> None:
    months = [f"{2010 + m // 12}-{m % 12 + 1:02d}" for m in range(60)]
    served = pl.DataFrame(
        {"period": months, "horizon": 6, "error": [0.1, -0.1] * 30, "inside": [True, False] * 30}
    )
    report = drift_of(small_panel(180), 12, champion(), served)
    assert report["drifted"] is True
    (reason,) = report["reasons"]
    assert "outcomes of forecasts in use: 90 % interval holds 50 % of outcomes" in reason
    decided = decide(Facts(5, "period"), report, settings().need, if_needed=True)
    assert decided["needed"] is True
    assert f"drift: {reason}" in decided["reasons"]


def test_a_forecast_of_the_report_knows_nothing_of_later_months() -> None:
    panel = small_panel(180)
    before = forecasts(panel, champion(), 12)
    returns = panel.returns.copy()
    returns[:, 170:] += 0.5
    after = forecasts(replace(panel, returns=returns), champion(), 12)
    early = before["origin"] < panel.periods[170]
    assert before.filter(early).equals(after.filter(early))
    assert not before.equals(after)
