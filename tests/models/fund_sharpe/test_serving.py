"""Funds that come without their market: stored market, later months, gaps, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.errors import ModelError, SeriesError
from models.fund_sharpe import FundSharpeForecaster, FundSharpeModel
from models.fund_sharpe.serving import fill_newest
from tests.models.fund_sharpe.made import CUTOFF, case, forecaster, label, small_config


def funds(until: int = CUTOFF) -> FloatArray:
    """The 14 funds without gaps, to a time index, included."""
    return case(ragged=False).excess[:, : until + 1]


def mean(served: FundSharpeForecaster, excess: FloatArray, last: str) -> FloatArray:
    return served.forecast(excess, last).forecast.mean


def test_at_the_end_of_training_a_fund_is_forecast_as_in_its_panel() -> None:
    """A fund's bills are in the stored market, so excess returns are enough."""
    made = case(ragged=False)
    series, origin = made.features.rows(np.array([CUTOFF]), 36)
    panel = made.model.predict(made.features, series, origin)
    served = forecaster().forecast(funds(), label(CUTOFF)).forecast
    np.testing.assert_allclose(served.mean, panel.mean, rtol=0, atol=1e-5)
    np.testing.assert_allclose(served.quantiles, panel.quantiles, rtol=0, atol=1e-5)


def test_one_fund_alone_and_among_others_are_forecast_the_same() -> None:
    together = forecaster().forecast(funds(), label(CUTOFF)).forecast
    for row in (0, 5, 13):
        alone = forecaster().forecast(funds()[row : row + 1], label(CUTOFF)).forecast
        np.testing.assert_allclose(alone.mean[0], together.mean[row], rtol=0, atol=1e-5)
        np.testing.assert_allclose(alone.quantiles[0], together.quantiles[row], rtol=0, atol=1e-5)


def test_what_came_long_before_a_funds_first_return_does_not_matter() -> None:
    young = funds().copy()
    young[:, :60] = np.nan
    whole, cut = (mean(forecaster(), x, label(CUTOFF)) for x in (young, young[:, 60:]))
    np.testing.assert_allclose(cut, whole, rtol=0, atol=1e-5)


def test_later_months_hold_the_last_market() -> None:
    """Nine months on, the market that networks read is that of the end of training."""
    made, later = case(ragged=False), CUTOFF + 9
    positions = np.minimum(np.arange(later + 1), CUTOFF)
    market = made.model.fitted.market.stretch(np.arange(later + 1))
    features = made.model.features(
        funds(later), np.zeros(later + 1), market, made.model.fitted.ratios[positions]
    )
    expected = made.model.predict(features, np.arange(14), np.full(14, later)).mean
    assert np.array_equal(market.bill[CUTOFF + 1 :], np.repeat(market.bill[CUTOFF], 9))
    assert (market.seen[CUTOFF + 1 :] == 0).all()
    np.testing.assert_allclose(
        mean(forecaster(), funds(later), label(later)), expected, rtol=0, atol=1e-5
    )


def test_an_earlier_month_reads_the_market_of_that_month() -> None:
    made, earlier = case(ragged=False), CUTOFF - 20
    series, origin = made.features.rows(np.array([earlier]), 36)
    expected = made.model.predict(made.features, series, origin).mean
    found = mean(forecaster(), funds(earlier), label(earlier))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_the_newest_month_decides_not_the_length() -> None:
    at_end, a_year_on = (mean(forecaster(), funds(), label(t)) for t in (CUTOFF, CUTOFF + 12))
    assert not np.allclose(at_end, a_year_on, atol=1e-3)


def test_few_gaps_in_the_newest_window_are_filled_and_told() -> None:
    gappy = funds().copy()
    gappy[2, [-2, -5, -9]] = np.nan
    served = forecaster().forecast(gappy, label(CUTOFF))
    filled = funds().copy()
    filled[2, [-2, -5, -9]] = np.nanmean(gappy[2])
    assert np.array_equal(served.forecast.mean, mean(forecaster(), filled, label(CUTOFF)))
    assert served.warnings[2] == (
        "3 of the newest 12 months have no return; the fund's mean stands in, and the true "
        "uncertainty is larger than stated",
    )
    assert all(not told for row, told in enumerate(served.warnings) if row != 2)


def test_filling_leaves_the_callers_array_and_older_gaps_alone() -> None:
    excess = np.array([[np.nan, 0.01, 0.03, np.nan, 0.02]])
    filled, missing = fill_newest(excess, 4)
    assert missing.tolist() == [1]
    np.testing.assert_allclose(filled, [[np.nan, 0.01, 0.03, 0.02, 0.02]])
    assert np.isnan(excess[0, 3])


def test_more_than_a_quarter_is_not_filled() -> None:
    excess = np.array([[0.01, np.nan, np.nan, 0.02]])
    filled, missing = fill_newest(excess, 4)
    assert missing.tolist() == [2]
    assert np.isnan(filled[0, 1:3]).all()


def test_each_fund_that_cannot_be_forecast_has_its_reason() -> None:
    bad = funds().copy()
    bad[1, -8:-4] = np.nan
    bad[3, -12:] = 0.004
    bad[4, :-23] = np.nan
    bad[5] = np.nan
    with pytest.raises(SeriesError, match=r"^series 1: .* \(and 3 more\)$") as caught:
        forecaster().forecast(bad, label(CUTOFF))
    assert caught.value.reasons == {
        1: "4 of the newest 12 periods are missing, at most 3 may be; end the series earlier",
        3: "the newest 12 returns do not vary, so there is no Sharpe ratio to start from",
        4: "expected at least 24 periods, got 23",
        5: "expected at least 24 periods, got 0",
    }


def test_24_periods_are_enough() -> None:
    young = funds()[:1, -24:]
    assert np.isfinite(mean(forecaster(), young, label(CUTOFF))).all()


@pytest.mark.parametrize("last", ["2014-4", "2014-13", "April 2014"])
def test_a_label_that_is_no_month_is_refused(last: str) -> None:
    with pytest.raises(ModelError, match="expected one like '2013-07'"):
        forecaster().forecast(funds(), last)


def test_what_is_served_is_read_off_the_settings() -> None:
    served = forecaster()
    assert (served.window, served.horizons, served.periods_per_year) == (12, (6, 12), 12)
    assert served.targets == ("rolling", "forward")
    assert served.leads == ("rolling_6", "rolling_12", "forward_6", "forward_12")
    assert (served.min_history, served.trained_until) == (24, "2014-04")
    eager = FundSharpeForecaster(FundSharpeModel(small_config(min_history=18)), "2014-04")
    assert eager.min_history == 18
