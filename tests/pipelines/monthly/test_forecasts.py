"""Everything is forecast from the training part, on easy panels and on awkward ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.contract import FloatArray
from pipelines.monthly.forecasts import Forecasts, forecast_panel
from tests.models.monthly.panels import seasonal_panel
from tests.pipelines.monthly.files import PLAIN, TINY

NAN = np.nan
MEMBERS = ("lstm", "gru", "smoothers")


def run(values: FloatArray, horizon: int = 3, season: int = 6, jobs: int = 1) -> Forecasts:
    return forecast_panel(values, horizon, season, PLAIN, jobs=jobs)


@pytest.fixture(scope="module")
def found() -> Forecasts:
    return run(seasonal_panel(12, 60))


def test_every_series_gets_every_lead_from_every_model(found: Forecasts) -> None:
    assert set(found.models) == {"ensemble", *MEMBERS, "seasonal_naive"}
    for forecast in found.models.values():
        assert forecast.quantiles.shape == (12, 3, 39)
        assert np.isfinite(forecast.quantiles).all()
        assert (np.diff(forecast.quantiles, axis=2) >= 0).all()


def test_the_ensemble_is_the_weighted_average_of_its_members(found: Forecasts) -> None:
    assert sum(found.weights.values()) == pytest.approx(1.0)
    expected = sum(found.weights[name] * found.models[name].median for name in MEMBERS)
    np.testing.assert_allclose(found.models["ensemble"].median, expected)


def test_the_weights_come_from_origins_whose_outcomes_are_known(found: Forecasts) -> None:
    # Two folds of twelve series.
    assert found.rehearsed == 24


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_in_one_process_or_two(found: Forecasts) -> None:
    again = run(seasonal_panel(12, 60), jobs=2)
    for name, forecast in found.models.items():
        np.testing.assert_array_equal(forecast.quantiles, again.models[name].quantiles)


def test_the_same_seed_gives_the_same_bits(found: Forecasts) -> None:
    again = run(seasonal_panel(12, 60))
    for name, forecast in found.models.items():
        np.testing.assert_array_equal(forecast.quantiles, again.models[name].quantiles)


def test_another_seed_gives_other_networks(found: Forecasts) -> None:
    other = replace(PLAIN, training=replace(PLAIN.training, seed=9))
    again = forecast_panel(seasonal_panel(12, 60), 3, 6, other)
    assert (found.models["lstm"].median != again.models["lstm"].median).any()


def test_a_season_is_forecast_better_than_by_repeating_it() -> None:
    whole = seasonal_panel(12, 60)
    split = run(whole[:, :-6], horizon=6)
    errors = {
        name: np.abs(split.models[name].median - whole[:, -6:]).mean() for name in split.models
    }
    assert errors["ensemble"] < errors["seasonal_naive"]


def test_theta_is_a_member_where_it_is_cheap_and_classical_models_keep_to_the_budget() -> None:
    told: list[tuple[str, float, float]] = []
    found = forecast_panel(
        seasonal_panel(6, 40),
        2,
        6,
        TINY,
        statistical_seconds=0.1,
        progress=lambda *now: told.append(now),
    )
    assert set(found.weights) == {*MEMBERS, "auto_theta"}
    assert "ses" in found.models
    assert set(found.left_out) == {"auto_ets", "auto_arima"}
    assert {what for what, _, _ in told} == {"smoothers", "networks", "auto_theta", "ses"}
    assert told[-1][1] == pytest.approx(told[-1][2])


def test_theta_scores_the_same_whether_asked_for_or_only_a_member() -> None:
    values = seasonal_panel(6, 40)
    one, other = (
        forecast_panel(values, 2, 6, TINY, statistical_seconds=s).models["auto_theta"]
        for s in (None, 0.1)
    )
    np.testing.assert_array_equal(one.quantiles, other.quantiles)


def test_without_classical_models_none_is_left_out(found: Forecasts) -> None:
    assert not found.left_out


def test_series_that_were_never_negative_stay_so() -> None:
    counts = np.random.default_rng(0).poisson(0.4, size=(10, 50)).astype(float)
    for name in ("ensemble", *MEMBERS):
        assert (run(counts).models[name].quantiles >= 0).all()


def test_a_constant_series_is_forecast_as_it_was() -> None:
    values = seasonal_panel(8, 50)
    values[2], values[5] = 7.0, 0.0
    forecast = run(values).models["ensemble"]
    assert (forecast.quantiles[2] == 7.0).all()
    assert (forecast.quantiles[5] == 0.0).all()


@pytest.mark.parametrize(
    ("values", "season"),
    [
        (np.array([[1.0, 2.0]]), 12),
        (np.array([[1.0, 2.0], [4.0, 3.0]]), 1),
        (seasonal_panel(5, 9), 12),
        (seasonal_panel(30, 12), 4),
        (seasonal_panel(4, 40) - 100, 1),
        (np.full((3, 20), 5.0), 4),
    ],
)
def test_short_negative_and_constant_panels_get_finite_forecasts(
    values: FloatArray, season: int
) -> None:
    for forecast in run(values, horizon=4, season=season).models.values():
        assert np.isfinite(forecast.quantiles).all()


def test_gaps_and_unequal_lengths_are_lived_with() -> None:
    values = seasonal_panel(9, 50)
    values[1, 20:29], values[2, :46], values[4, 48] = NAN, NAN, NAN
    assert np.isfinite(run(values).models["ensemble"].quantiles).all()


def test_without_room_for_a_rehearsal_members_share_equally() -> None:
    found = run(seasonal_panel(30, 8), horizon=6, season=4)
    assert (found.rehearsed, found.weights) == (0, {})
    expected = np.mean([found.models[name].median for name in MEMBERS], axis=0)
    np.testing.assert_allclose(found.models["ensemble"].median, expected)


def test_a_single_fold_is_enough_where_two_do_not_fit() -> None:
    # Fourteen steps, horizon 4: origins 9 and 7, but only before 9 is every lead known.
    found = run(seasonal_panel(30, 14), horizon=4, season=4)
    assert 0 < found.rehearsed <= 30
