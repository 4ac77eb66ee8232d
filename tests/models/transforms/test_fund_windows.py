"""Windows of funds: hidden outcomes, finite inputs, views."""

from __future__ import annotations

import numpy as np
import pytest

from models.transforms.fund_reference import make_leads
from models.transforms.fund_windows import (
    BASELINE_KNOWN,
    FundFeatures,
    baseline_known,
    baseline_windows,
    fund_features,
    network_windows,
)
from models.transforms.sharpe import forward_sharpe, sharpe_ratio
from tests.models.transforms.funds import make_panel

LEADS = make_leads((6, 12), ("rolling", "forward"), 12)


@pytest.fixture(scope="module")
def features() -> FundFeatures:
    excess, bill = make_panel()
    return fund_features(excess, bill, LEADS, 12, 12)


def test_outcomes_are_the_sharpe_ratios_of_the_right_months(features: FundFeatures) -> None:
    excess = features.state.excess
    assert features.outcome[2, 80, 0] == pytest.approx(sharpe_ratio(excess[2, 75:87], 12))
    assert features.outcome[2, 80, 1] == pytest.approx(sharpe_ratio(excess[2, 81:93], 12))
    assert features.outcome[2, 80, 2] == pytest.approx(sharpe_ratio(excess[2, 81:87], 12))
    assert features.outcome[2, 80, 3] == pytest.approx(forward_sharpe(excess, 12, 12)[2, 80])


def test_outcomes_after_the_cutoff_are_hidden(features: FundFeatures) -> None:
    series, origin = features.rows(np.arange(90, 110), 36)
    windows = network_windows(features, series, origin, cutoff=110, lookback=24)
    for column, lead in enumerate(LEADS):
        hidden = origin + lead.horizon > 110
        assert hidden.any()
        assert np.isnan(windows.target[hidden, column]).all()
        assert np.isfinite(windows.target[~hidden, column]).any()


def test_what_networks_read_is_finite_and_ends_at_the_origin(features: FundFeatures) -> None:
    series, origin = features.rows(np.arange(20, 150), 12)
    windows = network_windows(features, series, origin, 159, lookback=36)
    past = windows.past()
    assert np.isfinite(past).all()
    assert np.isfinite(windows.known).all()
    newest = features.channels[series, origin]
    assert np.array_equal(past[:, -1], newest)
    assert np.shares_memory(windows.past_view(), windows.channels)


def test_a_date_weighs_the_root_of_its_funds(features: FundFeatures) -> None:
    series, origin = features.rows(np.arange(60, 62), 36)
    keep = ~((origin == 61) & (np.arange(len(origin)) % 2 == 0))
    windows = network_windows(features, series[keep], origin[keep], 159, 24)
    first, second = (int((origin[keep] == t).sum()) for t in (60, 61))
    assert windows.weight is not None
    ratio = windows.weight[origin[keep] == 61][0] / windows.weight[origin[keep] == 60][0]
    assert ratio == pytest.approx(np.sqrt(first / second))


def test_rows_are_those_that_are_alive_with_history(features: FundFeatures) -> None:
    series, origin = features.rows(np.array([100]), 36)
    months = np.isfinite(features.state.excess[:, :101]).sum(axis=1)
    recent = np.isfinite(features.state.excess[:, 89:101]).all(axis=1)
    assert set(series) == set(np.nonzero((months >= 36) & recent)[0])
    assert set(origin) == {100}


def test_baselines_get_the_covariates_of_the_design(features: FundFeatures) -> None:
    excess = features.state.excess
    lead = LEADS[0]
    columns = dict(zip(BASELINE_KNOWN, baseline_known(features, [lead])[2, 90, 0], strict=True))
    assert columns["last"] == pytest.approx(sharpe_ratio(excess[2, 79:91], 12))
    assert columns["lag"] == pytest.approx(sharpe_ratio(excess[2, 67:79], 12))
    assert columns["known_mean"] == pytest.approx(excess[2, 85:91].mean())
    assert columns["known_std"] == pytest.approx(excess[2, 85:91].std(ddof=1))
    assert columns["known_ratio"] == pytest.approx(columns["known_mean"] / columns["known_std"])
    assert columns["vol_24"] == pytest.approx(excess[2, 67:91].std(ddof=1))
    assert columns["sharpe_36"] == pytest.approx(sharpe_ratio(excess[2, 55:91], 12))


def test_the_history_of_a_forward_lead_is_the_ratio_over_its_own_length(
    features: FundFeatures,
) -> None:
    series, origin = features.rows(np.array([90]), 36)
    windows = baseline_windows(features, series, origin, 159, 24, LEADS[2:3])
    row = list(series).index(2)
    newest = windows.history[series[row], windows.origin[row]]
    assert newest == pytest.approx(sharpe_ratio(features.state.excess[2, 85:91], 12))
    assert np.isfinite(windows.known).all()
