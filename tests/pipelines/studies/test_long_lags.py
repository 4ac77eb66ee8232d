"""The count of sequences until a task is learnt: when it stops, and what is tested then."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.studies.long_lags import BATCH, LOOK, TESTED, Net, learn, learn_reber
from pipelines.studies.tasks.long_lag import LongLagTask, PassMark, Sequences

QUICK = Net("gru", 4, 2e-2)


def copied(mark: PassMark, noise: float = 0.0) -> LongLagTask:
    """Tell the sign of the last input."""

    def draw(random: np.random.Generator, rows: int) -> Sequences:
        inputs = random.choice([-1.0, 1.0], (rows, 3, 1)).astype(np.float32)
        meant = inputs[:, -1]
        noisy = meant + random.normal(0.0, noise, meant.shape).astype(np.float32)
        return Sequences(inputs, noisy, meant)

    return LongLagTask("copied", 1, 1, 3, draw, mark)


def test_training_ends_when_the_newest_sequences_meet_the_mark() -> None:
    mark = PassMark(0.2, mean_error=0.01, looked_at=2000)
    found = learn(copied(mark), QUICK, 20_000, seed=0)
    assert found.presented is not None
    assert 2000 <= found.presented < 20_000
    assert found.presented % BATCH == 0
    assert found.wrong <= 5
    assert found == learn(copied(mark), QUICK, 20_000, seed=0)


def test_new_sequences_are_looked_at_where_the_mark_says_so() -> None:
    mark = PassMark(0.2, looked_at=200, fresh=True)
    found = learn(copied(mark), QUICK, 40_000, seed=0)
    assert found.presented is not None
    assert found.presented % (LOOK * BATCH) == 0
    assert found.wrong < TESTED // 20


@pytest.mark.parametrize("fresh", [True, False])
def test_noise_on_the_target_is_learnt_from_and_never_held_against_a_forecast(fresh: bool) -> None:
    mark = PassMark(0.2, looked_at=256 if fresh else 2000, fresh=fresh)
    found = learn(copied(mark, noise=0.5), QUICK, 40_000, seed=0)
    assert found.presented is not None
    assert found.wrong < TESTED // 20


def test_a_budget_that_is_spent_is_told_with_what_was_still_wrong() -> None:
    found = learn(copied(PassMark(0.01, looked_at=2000)), QUICK, 2 * BATCH, seed=0)
    assert found.presented is None
    assert found.wrong > TESTED // 2


@pytest.mark.parametrize("budget", [2, 400])
def test_the_grammar_is_not_learnt_from_a_few_strings(budget: int) -> None:
    assert learn_reber(QUICK, budget, seed=0) is None
