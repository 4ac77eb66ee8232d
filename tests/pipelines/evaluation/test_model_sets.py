"""Model confidence set and superior predictive ability."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from pipelines.evaluation.lead_losses import LeadLosses
from pipelines.evaluation.model_sets import (
    confidence_set,
    confidence_set_rows,
    superiority,
    superiority_rows,
)


def losses_with_means(*means: float, dates: int = 40, seed: int = 0) -> FloatArray:
    """Date × model: a shared shock and a small one of each model's own."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(dates, 1))
    return np.asarray(means) + shared + 0.3 * generator.normal(size=(dates, len(means)))


def lead_of(losses: FloatArray, horizon: int = 6) -> LeadLosses:
    names = ("ens", "lstm", "mean", "ar")[: losses.shape[1]]
    both = {"squared_error": losses, "crps": losses}
    return LeadLosses("rolling", horizon, names, np.arange(len(losses)) * 3, both)


def test_a_clearly_worse_model_leaves_the_set() -> None:
    (row, other) = confidence_set_rows(lead_of(losses_with_means(1.0, 1.02, 2.0)), seed=0)
    assert row["included"] == ["ens", "lstm"]
    assert row["p_values"]["mean"] < 0.01
    assert (row["size"], row["n_origins"], row["block"]) == (0.10, 40, 3)
    assert (row["loss"], other["loss"]) == ("squared_error", "crps")


def test_twins_share_a_p_value() -> None:
    losses = losses_with_means(1.0, 2.0)
    first, twin, worse = confidence_set(losses[:, [0, 0, 1]], block=3, seed=0)
    assert first == twin == 1.0
    assert worse < 0.01


def test_when_all_are_alike_all_are_in_the_set() -> None:
    assert confidence_set(np.ones((20, 3)), block=3, seed=0) == [1.0, 1.0, 1.0]


def test_the_set_repeats_with_its_seed() -> None:
    losses = losses_with_means(1.0, 1.05, 1.1)
    assert confidence_set(losses, 3, seed=1) == confidence_set(losses, 3, seed=1)
    assert confidence_set(losses, 3, seed=1) != confidence_set(losses, 3, seed=2)


def test_the_best_model_is_rarely_lost() -> None:
    kept = [
        confidence_set(losses_with_means(1.0, 1.1, dates=30, seed=s), 2, seed=0)[0] > 0.10
        for s in range(40)
    ]
    assert np.mean(kept) >= 0.85


def test_too_few_dates_give_no_set() -> None:
    lead = lead_of(losses_with_means(1.0, 2.0, 3.0, dates=3), horizon=12)
    assert all(row["included"] is row["p_values"] is None for row in confidence_set_rows(lead, 0))
    assert {r["p_value"] for r in superiority_rows(lead, ["ens"], ["mean"], 0)} == {None}


def test_a_better_ensemble_beats_the_best_baseline_and_is_beaten_by_none() -> None:
    lead = lead_of(losses_with_means(1.0, 1.05, 1.6, 1.4))
    beaten, beats = superiority_rows(lead, ["ens", "lstm"], ["mean", "ar"], seed=0)[:2]
    assert (beaten["benchmark"], beaten["rivals"]) == ("ens", ["mean", "ar"])
    assert beaten["p_value"] == 1.0
    assert (beats["benchmark"], beats["rivals"]) == ("ar", ["ens", "lstm"])
    assert beats["p_value"] < 0.01


def test_without_baselines_nothing_is_tested() -> None:
    assert superiority_rows(lead_of(losses_with_means(1.0, 2.0)), ["ens"], [], seed=0) == []


def test_one_erratic_rival_does_not_hide_a_better_one() -> None:
    gain = losses_with_means(0.3, 0.0)
    gain -= gain.mean(axis=0) - [0.3, 0.0]
    erratic = gain * [1.0, 40.0]
    assert superiority(gain, 3, seed=0) == pytest.approx(superiority(erratic, 3, seed=0))


def test_a_rival_equal_to_the_benchmark_cannot_be_tested() -> None:
    assert superiority(np.zeros((20, 1)), 3, seed=0) is None
