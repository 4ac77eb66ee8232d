"""Every model of the back-test: nothing of the future, the right rows, the right parts."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.fund_sharpe import FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from pipelines.fund_sharpe.backtest_plan import BacktestPlan, make_plan
from pipelines.fund_sharpe.contestants import PARTS, Baselines, Contest, naive_scale
from tests.pipelines.fund_sharpe.runs import changed_after, small_plan, small_settings
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config

BASELINES = (
    "last_value",
    "series_mean",
    "shrunken_mean",
    "pooled_ar",
    "known_part_ridge",
    "pooled_least_squares",
)
STATISTICAL = ("ses", "auto_ets", "auto_arima", "auto_theta")


def full_plan(changed: bool) -> BacktestPlan:
    """Every contestant at one origin, with or without another future."""
    every = small_plan(origins=8, sample=1, baselines=BASELINES, statistical=STATISTICAL)
    if not changed:
        return every
    settings, origin = every.settings, every.origins[0]
    plan = make_plan(changed_after(panel(), origin), tiny_config(), settings)
    assert plan.origins == every.origins
    assert plan.sample == every.sample
    return plan


@cache
def forecasts(changed: bool = False) -> pl.DataFrame:
    plan = full_plan(changed)
    contest = Contest(plan)
    contest.fit(plan.origins[0])
    return contest.forecast(plan.origins[0])


def test_the_future_touches_no_contestant() -> None:
    before, after = forecasts(), forecasts(changed=True)
    assert set(before["model"]) == {*PARTS, *BASELINES, *STATISTICAL}
    assert_frame_equal(before.drop("y"), after.drop("y"), check_exact=True)
    assert not np.allclose(before["y"].to_numpy(), after["y"].to_numpy())


def test_slow_models_run_on_the_sample_and_others_on_all() -> None:
    rows = dict(forecasts().filter(target="rolling", horizon=6).group_by("model").len().rows())
    assert rows == dict.fromkeys((*PARTS, *BASELINES), 12) | dict.fromkeys(STATISTICAL, 1)
    (fund,) = forecasts().filter(model="ses")["series"].unique()
    marked = forecasts().filter(pl.col("sample"))["series"].unique().to_list()
    assert marked == [fund]


def test_outcomes_are_the_same_for_every_model() -> None:
    spread = forecasts().group_by("target", "horizon", "series").agg(pl.col("y").n_unique())
    assert spread["y"].max() == 1


def means(model: str) -> np.ndarray:
    return forecasts().filter(model=model).sort("target", "horizon", "series")["mean"].to_numpy()


def test_parts_add_up() -> None:
    structural, ensemble = means("structural"), means("ensemble")
    both = means("lstm_gru")
    np.testing.assert_allclose((means("lstm") + means("gru")) / 2, both, rtol=0, atol=1e-6)
    np.testing.assert_allclose(structural + 0.4 * (both - structural), ensemble, atol=1e-6)
    assert tiny_config().shrinkage == 0.4


def features() -> FundFeatures:
    data = panel()
    return FundSharpeModel(tiny_config()).features(data.excess, data.risk_free)


def test_the_last_value_is_the_sharpe_ratio_of_the_same_length() -> None:
    made = features()
    series, _ = made.rows(np.array([120]), 36)
    forecast = Baselines(made, 36, 36).forecast("last_value", series, 120)
    newest = panel().excess[:, 109:121]
    twelve = newest.mean(axis=1) / newest.std(axis=1, ddof=1) * np.sqrt(12)
    half = newest[:, 6:].mean(axis=1) / newest[:, 6:].std(axis=1, ddof=1) * np.sqrt(12)
    # Leads: rolling 6 and 12, forward 6 (six months long) and 12.
    expected = np.stack([twelve, twelve, half, twelve], axis=1)
    np.testing.assert_allclose(forecast.mean, expected, rtol=1e-5)


def test_baselines_refuse_series_out_of_order() -> None:
    with pytest.raises(ValueError, match="sorted and eligible"):
        Baselines(features(), 36, 36).forecast("last_value", np.array([3, 1]), 120)


def test_the_scale_is_the_mean_absolute_change_so_far() -> None:
    made = features()
    scale = naive_scale(made, made.leads)
    ratio = made.state.sharpe[4]
    expected = np.abs(np.diff(ratio[11:101])).mean()
    assert scale[4, 100, 0] == pytest.approx(expected)
    assert scale[4, 100, 1] == scale[4, 100, 3]
    assert (scale > 0).all()


def test_a_model_of_one_kind_of_cell_has_fewer_parts() -> None:
    plan = make_plan(panel(), tiny_config(cells=("gru",)), small_settings(sample=0))
    contest = Contest(plan)
    contest.fit(plan.origins[0])
    models = set(contest.forecast(plan.origins[0])["model"])
    assert models == {"ensemble", "gru", "structural", "last_value", "known_part_ridge"}


def test_without_a_sample_slow_models_do_not_run() -> None:
    plan = make_plan(panel(), tiny_config(), small_settings(sample=0))
    contest = Contest(plan)
    contest.fit(plan.origins[0])
    table = contest.forecast(plan.origins[0])
    assert set(table["model"]) == {*PARTS, "last_value", "known_part_ridge"}
