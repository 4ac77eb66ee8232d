"""The reference forecast agrees with simulation, and knows what is known."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelError
from models.transforms.fund_reference import (
    Lead,
    horizon_ratios,
    make_leads,
    reference_forecast,
    sharpe_moments,
    small_sample_bias,
)
from models.transforms.fund_state import fund_state
from tests.models.transforms.funds import make_panel


def test_a_lead_knows_which_part_of_its_window_is_past() -> None:
    overlapping, beyond, forward = (
        Lead("rolling", 9, 12),
        Lead("rolling", 18, 12),
        Lead("forward", 18, 12),
    )
    assert (overlapping.known, overlapping.unseen) == (3, 9)
    assert (beyond.known, beyond.unseen) == (0, 12)
    assert (forward.length, forward.known, forward.unseen) == (18, 0, 18)
    assert forward.name == "forward_18"


def test_leads_are_every_target_at_every_horizon() -> None:
    names = [lead.name for lead in make_leads((6, 12), ("rolling", "forward"), 12)]
    assert names == ["rolling_6", "rolling_12", "forward_6", "forward_12"]
    with pytest.raises(ModelError, match="'backward'"):
        make_leads((6,), ("backward",), 12)
    with pytest.raises(ModelError, match="at least 3 periods"):
        make_leads((2,), ("forward",), 12)


@pytest.mark.parametrize(("known", "unseen"), [(0, 12), (1, 11), (3, 9), (6, 6), (11, 1)])
def test_quadrature_agrees_with_simulation(known: int, unseen: int) -> None:
    rng = np.random.default_rng(1)
    past = rng.normal(0.01, 0.03, known)
    future = rng.normal(0.005, 0.04, (200_000, unseen))
    windows = np.concatenate([np.broadcast_to(past, (len(future), known)), future], axis=1)
    sharpe = windows.mean(axis=1) / windows.std(axis=1, ddof=1)
    spread = past.std(ddof=1) if known > 1 else 0.0
    centre = past.mean() if known else 0.0
    mean, deviation = sharpe_moments(
        np.array([0.005]),
        np.array([0.04]),
        unseen,
        np.array([centre]),
        np.array([spread]),
        known,
    )
    assert mean[0] == pytest.approx(sharpe.mean(), abs=0.015)
    assert deviation[0] == pytest.approx(sharpe.std(), rel=0.06)


def test_small_samples_exaggerate_the_sharpe_ratio_as_miller_and_gehr_say() -> None:
    # 12 months: √(11/2) Γ(5) / Γ(5.5) = 2.34521 × 24 / 52.3428.
    assert small_sample_bias(12) == pytest.approx(1.07532, abs=1e-5)
    assert small_sample_bias(1000) == pytest.approx(1.0, abs=1e-3)
    assert small_sample_bias(2) == 1.0


def test_a_known_half_pulls_the_forecast_toward_it() -> None:
    excess, bill = make_panel(ragged=False)
    excess[0, 94:100] = 0.02 + 0.001 * np.arange(6)
    state = fund_state(excess, bill, 12, 12)
    leads = make_leads((6, 12), ("rolling",), 12)
    mean, spread = reference_forecast(state, leads, horizon_ratios(state, leads))
    assert mean[0, 99, 0] > mean[0, 99, 1] + 0.3
    assert spread[1:, 99, 0].mean() < spread[1:, 99, 1].mean()


def test_the_reference_sees_no_future() -> None:
    excess, bill = make_panel()
    changed = excess.copy()
    changed[:, 100:] *= -3.0
    leads = make_leads((6, 24), ("rolling", "forward"), 12)
    results = []
    for panel in (excess, changed):
        state = fund_state(panel, bill, 12, 12)
        results.append(reference_forecast(state, leads, horizon_ratios(state, leads)))
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one[:, :100], other[:, :100], equal_nan=True)


def test_where_a_known_month_is_missing_there_is_no_reference() -> None:
    excess, bill = make_panel(ragged=False)
    excess[2, 97] = np.nan
    state = fund_state(excess, bill, 12, 12)
    leads = make_leads((6,), ("rolling",), 12)
    mean, _ = reference_forecast(state, leads, horizon_ratios(state, leads))
    assert np.isnan(mean[2, 99, 0])
    assert np.isfinite(mean[3, 99, 0])


def test_the_newest_times_alone_are_computed_as_all_are() -> None:
    state = fund_state(*make_panel(), window=12, periods_per_year=12)
    leads = make_leads((6, 12), ("rolling", "forward"), 12)
    ratios = horizon_ratios(state, leads)
    everything = reference_forecast(state, leads, ratios)
    newest = reference_forecast(state, leads, ratios, recent=2)
    for whole, part in zip(everything, newest, strict=True):
        np.testing.assert_array_equal(part[:, -2:], whole[:, -2:])
    assert np.isnan(newest[0][:, :-2]).all()
    assert np.isfinite(everything[0][:, :-2]).any()
