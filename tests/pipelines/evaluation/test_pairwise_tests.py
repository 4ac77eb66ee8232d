"""Diebold-Mariano and bootstrap rows: who is compared, by hand, and their size."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from models.contract import FloatArray
from pipelines.evaluation.lead_losses import LeadLosses, lead_losses
from pipelines.evaluation.pairwise_tests import (
    BOOTSTRAP,
    bootstrap_p,
    comparison_rows,
    pairs,
    resampled_dates,
)
from pipelines.evaluation.scores import score_groups
from tests.pipelines.evaluation.tables import many_origins


def lead_of(first: FloatArray, second: FloatArray, horizon: int = 3) -> LeadLosses:
    """Two models with these losses by date, origins three months apart."""
    losses = np.stack([first, second], axis=1)
    both = {"squared_error": losses, "crps": np.sqrt(losses)}
    return LeadLosses("rolling", horizon, ("a", "b"), np.arange(len(first)) * 3, both)


def test_the_ensemble_meets_all_and_its_members_meet_the_baselines() -> None:
    models = ["ens", "lstm", "gru", "mean", "other"]
    assert pairs(models, ["ens", "lstm", "gru"], ["mean", "absent"]) == [
        ("ens", "lstm"),
        ("ens", "gru"),
        ("ens", "mean"),
        ("ens", "other"),
        ("lstm", "mean"),
        ("gru", "mean"),
    ]


def test_an_absent_model_is_compared_with_none() -> None:
    assert pairs(["ens", "mean"], ["ens", "lstm"], ["mean"]) == [("ens", "mean")]


def test_the_row_is_the_one_worked_by_hand() -> None:
    # Loss differences by date: -1, -3, -2, -2: mean -2, variance (1 + 1) / 4, no overlap, so
    # the correction is 3/4 and the statistic -2 / sqrt(0.5 / 4 / 0.75) = -4.899.
    lead = lead_of(np.array([1.0, 1.0, 1.0, 1.0]), np.array([2.0, 4.0, 3.0, 3.0]))
    row = comparison_rows(lead, [("a", "b")], seed=0)[0]
    assert (row["model_a"], row["model_b"], row["loss"]) == ("a", "b", "squared_error")
    assert (row["n_origins"], row["lags"], row["method"]) == (4, 0, "dm_hln")
    assert row["alternative"] == "model_a has the smaller loss"
    assert row["difference"] == pytest.approx(-2.0)
    assert row["statistic"] == pytest.approx(-2.0 / math.sqrt(0.5 / 4 / 0.75))
    assert row["p_value"] == pytest.approx(stats.t.cdf(row["statistic"], 3))
    assert row["p_value_two_sided"] == pytest.approx(2 * row["p_value"])


def test_every_loss_gets_all_tests() -> None:
    lead = lead_of(np.array([1.0, 1.0, 2.0, 1.0]), np.array([2.0, 4.0, 3.0, 2.5]))
    rows = comparison_rows(lead, [("a", "b"), ("b", "a")], seed=0)
    assert [(r["loss"], r["model_a"], r["method"]) for r in rows] == [
        (loss, model, method)
        for loss in ("squared_error", "crps")
        for model in ("a", "b")
        for method in ("dm_hln", "dm_fixed_smoothing", BOOTSTRAP)
    ]


def test_identical_models_get_no_p_value() -> None:
    losses = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    for row in comparison_rows(lead_of(losses, losses), [("a", "b")], seed=0):
        assert (row["p_value"], row["p_value_two_sided"], row["statistic"]) == (None, None, None)


def test_losses_are_averaged_over_the_series_of_a_date_first() -> None:
    # One date with 2 series, one with 1: dates count alike, series do not.
    y = np.array([[1.0, 1.0], [2.0, np.nan]])
    table = pl.concat([many_origins(y, np.zeros((2, 2)), model=m) for m in ("a", "b")])
    (lead,) = lead_losses(score_groups(table, sample=False))
    np.testing.assert_allclose(lead.of("squared_error", "a"), [1.0, 4.0])
    assert (lead.target, lead.horizon, lead.models) == ("rolling", 6, ("a", "b"))
    assert lead.lags == 1


def test_blocks_span_the_overlap() -> None:
    losses = np.ones(27)
    assert lead_of(losses, losses, horizon=3).block == 3  # the cube root of 27
    assert lead_of(losses, losses, horizon=24).block == 8


def test_the_best_of_none_is_none() -> None:
    lead = lead_of(np.array([1.0, 2.0]), np.array([0.5, 1.0]))
    assert lead.best("crps", ["a", "b"]) == "b"
    assert lead.best("crps", ["absent"]) is None


def test_the_bootstrap_repeats_with_its_seed() -> None:
    first, again = resampled_dates(12, 3, seed=5, draws=20), resampled_dates(12, 3, 5, 20)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (20, 12)
    assert (resampled_dates(12, 3, seed=6, draws=20) != first).any()


def test_the_bootstrap_p_value_is_a_share_of_draws() -> None:
    # The mean is 1; the resampled means 0, 1, 2 lie -1, 0, 1 from it.
    values = np.array([0.0, 2.0])
    draws = np.array([[0, 0], [0, 1], [1, 1]])
    less, two = bootstrap_p(values, draws)
    assert less == pytest.approx(4 / 4)  # all three are at most 1, and the value itself
    assert two == pytest.approx(3 / 4)  # -1 and 1 are as far out, and the value itself


def test_the_bootstrap_rejects_a_true_null_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(2)
    draws = resampled_dates(60, 4, seed=0, draws=199)
    found = [bootstrap_p(generator.standard_normal(60), draws)[0] for _ in range(600)]
    assert 0.02 < np.mean(np.array(found) < 0.05) < 0.10
