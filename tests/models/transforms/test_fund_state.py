"""The state of a panel: worked values, and no month that sees its future."""

from __future__ import annotations

import numpy as np
import pytest

from models.transforms import fund_state as fs
from models.transforms.fund_state import Market, fund_state, hold, mean_over_funds, mean_ratio
from tests.models.transforms.funds import make_panel


def test_nothing_moves_when_the_future_changes() -> None:
    excess, bill = make_panel()
    changed, later_bill = excess.copy(), bill.copy()
    changed[:, 100:] = np.random.default_rng(9).normal(0, 0.1, changed[:, 100:].shape)
    later_bill[100:] = 0.5
    before, after = fund_state(excess, bill, 12, 12), fund_state(changed, later_bill, 12, 12)
    for name in ("months", "standardised", "sharpe", "vol", "vol_long", "prior"):
        one, other = getattr(before, name), getattr(after, name)
        assert np.array_equal(one[:, :100], other[:, :100], equal_nan=True), name
    for name, values in before.market.arrays().items():
        assert np.array_equal(values[:100], after.market.arrays()[name][:100]), name


def test_the_factor_is_the_mean_of_standardised_returns() -> None:
    excess, bill = make_panel(ragged=False)
    state = fund_state(excess, bill, 12, 12)
    window = excess[:, 49:61]
    own = excess[:, 60] / window.std(axis=1, ddof=1)
    assert np.allclose(state.standardised[:, 60], own)
    assert state.market.factor[60] == pytest.approx(own.mean())
    assert state.market.bill[60] == pytest.approx(0.012)


def test_a_month_with_too_few_funds_has_no_factor() -> None:
    excess, bill = make_panel(funds=fs.MIN_FUNDS - 1, ragged=False)
    state = fund_state(excess, bill, 12, 12)
    assert not state.market.seen.any()
    assert not state.market.factor.any()
    assert np.isfinite(state.prior[:, 60]).all()


def test_the_prior_of_a_fund_is_its_loading_times_the_premium_and_its_own_mean() -> None:
    excess, bill = make_panel(ragged=False)
    state = fund_state(excess, bill, 12, 12)
    t, market = 90, state.market
    z, f = state.standardised[3, : t + 1], market.factor[: t + 1]
    use = np.isfinite(z) & (market.seen[: t + 1] > 0)
    belief = fs.LOADING_MONTHS * market.power[t]
    loading = (z[use] @ f[use] + belief) / (f[use] @ f[use] + belief)
    own = (z[use] - loading * f[use]).sum() / (use.sum() + fs.OWN_MEAN_MONTHS)
    expected = (loading * market.premium[t] + own) * np.sqrt(12) * market.level[t]
    assert state.prior[3, t] == pytest.approx(expected)


def test_a_stored_market_serves_one_fund_as_the_panel_did() -> None:
    excess, bill = make_panel(ragged=False)
    whole = fund_state(excess, bill, 12, 12)
    market = whole.market.stretch(np.arange(160))
    alone = fund_state(excess[[5]], bill, 12, 12, market)
    assert np.allclose(alone.prior[0, 12:], whole.prior[5, 12:])


def test_beyond_its_span_a_market_is_held_and_its_factor_unknown() -> None:
    excess, bill = make_panel(ragged=False)
    market = fund_state(excess, bill, 12, 12).market
    moved = market.stretch(np.array([-1, 0, 159, 160, 170]))
    assert moved.factor.tolist() == [0.0, market.factor[0], market.factor[159], 0.0, 0.0]
    assert moved.seen.tolist() == [0.0, market.seen[0], 1.0, 0.0, 0.0]
    assert moved.premium[3] == moved.premium[4] == market.premium[159]
    assert isinstance(moved, Market)
    assert moved.length == 5


def test_a_fund_that_does_not_move_has_no_standardised_return() -> None:
    excess, bill = make_panel(ragged=False)
    excess[0] = 0.002
    state = fund_state(excess, bill, 12, 12)
    assert np.isnan(state.standardised[0]).all()
    assert not state.eligible(36)[0].any()


def test_dead_and_young_funds_are_not_eligible() -> None:
    excess, bill = make_panel(ragged=False)
    excess[0, 100:] = np.nan
    excess[1, :100] = np.nan
    eligible = fund_state(excess, bill, 12, 12).eligible(36)
    assert eligible[0, 99]
    assert not eligible[0, 100]
    assert not eligible[1, 134]
    assert eligible[1, 135]


def test_a_ratio_of_means_is_held_within_bounds_and_one_before_it_is_known() -> None:
    above = np.full((10, 4), 3.0)
    below = np.ones((10, 4))
    where = np.ones((10, 4), dtype=bool)
    where[:, [0, 3]] = False
    below[:, 2] = 2.0
    assert mean_ratio(above, below, where, (0.5, 2.5)).tolist() == [1.0, 2.5, 1.5, 1.5]


def test_holding_and_averaging_ignore_what_is_missing() -> None:
    values = np.array([np.nan, 2.0, np.nan, 4.0])
    assert hold(values, -1.0).tolist() == [-1.0, 2.0, 2.0, 4.0]
    mean = mean_over_funds(np.array([[1.0, np.nan], [3.0, 5.0]]), minimum=2)
    assert mean[0] == 2.0
    assert np.isnan(mean[1])
