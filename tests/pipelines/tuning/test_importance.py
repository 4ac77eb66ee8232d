"""Functional ANOVA on losses whose causes are known."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ConfigError
from pipelines.tuning.importance import Searched, importances, marginal

BOUNDS = {"a": (0.0, 1.0), "b": (-2.0, 2.0), "c": (0.0, 1.0)}


def searched(count: int = 120) -> Searched:
    """The loss is ten times a, plus a little of b squared, and nothing of c."""
    draw = np.random.default_rng(0)
    trials = [
        {n: float(draw.uniform(*limits)) for n, limits in BOUNDS.items()} for _ in range(count)
    ]
    return Searched(BOUNDS, trials, [10 * t["a"] + 0.3 * t["b"] ** 2 for t in trials])


def test_the_parameter_that_moves_the_loss_has_the_largest_share() -> None:
    found = importances(searched())
    assert next(iter(found)) == "a"
    assert found["a"] > 0.9
    assert found["c"] < 0.02
    assert sum(found.values()) <= 1.0001
    assert importances(searched()) == found


def test_the_marginal_follows_the_loss_along_a_parameter() -> None:
    along = marginal(searched(), "a", points=9)
    assert along.shape == (9, 3)
    assert along[0, 0] == 0.0
    assert along[-1, 0] == 1.0
    slope = np.polyfit(along[:, 0], along[:, 1], 1)[0]
    assert slope == pytest.approx(10, rel=0.2)
    assert np.all(along[:, 2] > 0)
    assert marginal(searched(12), "a", points=9)[:, 2].mean() > 2 * along[:, 2].mean()
    flat = marginal(searched(), "c", points=9)
    assert np.ptp(flat[:, 1]) < 0.1 * np.ptp(along[:, 1])


def test_equal_losses_explain_nothing() -> None:
    trials = searched().params
    assert set(importances(Searched(BOUNDS, trials, [1.0] * len(trials))).values()) == {0.0}


def test_rounding_at_a_bound_is_no_matter_and_what_was_not_searched_is_refused() -> None:
    trials = [dict(trial) for trial in searched().params]
    losses = searched().losses
    trials[3]["a"] = 1.0
    exact = importances(Searched(BOUNDS, trials, losses))
    trials[3]["a"] = 1.0 + 4e-16
    assert importances(Searched(BOUNDS, trials, losses)) == exact
    trials[3]["a"] = 1.5
    with pytest.raises(ConfigError, match=r"a of trial 3 is 1.5; expected 0.0 to 1.0, the box"):
        Searched(BOUNDS, trials, losses)


def test_too_few_trials_or_losses_that_are_no_numbers_are_refused() -> None:
    trials = searched(12)
    with pytest.raises(ConfigError, match="expected 10 or more trials with a loss each, got 9"):
        Searched(BOUNDS, trials.params[:9], trials.losses[:9])
    with pytest.raises(ConfigError, match="finite losses; give failed trials the worst"):
        Searched(BOUNDS, trials.params, [float("inf"), *trials.losses[1:]])
