"""Features of the newest time alone are those of the whole history."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.transforms.fund_reference import make_leads
from models.transforms.fund_state import fund_state
from models.transforms.fund_windows import FundFeatures, fund_features, network_windows
from models.transforms.newest_features import newest_features
from tests.models.transforms.funds import make_panel

LEADS = make_leads((6, 12), ("rolling", "forward"), 12)
LOOKBACK = 24


def both(excess: FloatArray) -> tuple[FundFeatures, FundFeatures]:
    """Features of all times, and of the newest alone, with the market of the whole panel."""
    panel, bill = make_panel()
    market = fund_state(panel, bill, 12, 12).market
    whole = fund_features(excess, bill, LEADS, 12, 12, market)
    newest = newest_features(excess, LEADS, 12, 12, market, whole.ratios, LOOKBACK)
    return whole, newest


def windows(features: FundFeatures) -> tuple[FloatArray, FloatArray, FloatArray]:
    series, origin = features.rows(np.array([features.times - 1]), 36)
    made = network_windows(features, series, origin, features.times, LOOKBACK)
    assert made.reference is not None
    return made.past(), made.known, made.reference


def test_what_is_read_at_the_newest_time_is_what_all_times_give() -> None:
    for whole, newest in zip(*map(windows, both(make_panel()[0])), strict=True):
        np.testing.assert_allclose(newest, whole, rtol=0, atol=1e-6)


def test_nothing_but_what_is_read_is_kept() -> None:
    _, newest = both(make_panel()[0])
    assert newest.times == LOOKBACK
    assert np.isnan(newest.outcome).all()


@pytest.mark.parametrize("behind", [1, 7])
def test_funds_that_end_earlier_take_the_market_of_their_own_months(behind: int) -> None:
    panel, bill = make_panel()
    whole = fund_features(panel, bill, LEADS, 12, 12)
    market, times = whole.state.market, panel.shape[1]
    positions = np.arange(times)[None, :] - np.array([0, behind])[:, None]
    excess = np.full((2, times), np.nan)
    excess[0], excess[1, behind:] = panel[2], panel[2, : times - behind]
    held = np.maximum(positions, 0)
    made = newest_features(
        excess, LEADS, 12, 12, market.stretch(positions), whole.ratios[held], LOOKBACK
    )
    expected = whole.reference[2, [-1, -1 - behind]]
    np.testing.assert_allclose(made.reference[:, -1], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        made.channels[1, -1], whole.channels[2, -1 - behind], rtol=0, atol=1e-6
    )
