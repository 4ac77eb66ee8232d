"""Students and their answers: what is read, what the naive rows say, what a network may see."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.studies.proofs.knowledge_tracing import Tracer
from pipelines.studies.tasks.knowledge_tracing import (
    EXERCISES,
    as_last_time,
    load_answers,
    logistic_regression,
    one_hot,
    running_mean,
    share_right,
)

FEW = np.array([[1, 0, 1, 1, 0], [0, 0, 0, 1, 1]], dtype=bool)


def padded(answers: np.ndarray) -> np.ndarray:
    return np.pad(answers, ((0, 0), (0, EXERCISES - answers.shape[1])))


@pytest.mark.parametrize("name", ["k2", "k5"])
def test_every_student_is_on_one_side_and_the_shares_are_those_published(name: str) -> None:
    answers = load_answers(name)  # type: ignore[arg-type]
    assert answers.train.shape == (3200, 50)
    assert answers.test.shape == (800, 50)
    everyone = np.concatenate([answers.train, answers.test])
    # Accuracy of the majority in the review: 0.685 and 0.608.
    assert everyone.mean() == pytest.approx({"k2": 0.685, "k5": 0.608}[name], abs=0.001)
    other = load_answers(name, seed=1)  # type: ignore[arg-type]
    assert not np.array_equal(answers.test, other.test)
    assert np.concatenate([other.train, other.test]).sum() == everyone.sum()


def test_naive_rows_know_the_answers_before_and_no_others() -> None:
    assert as_last_time(FEW).tolist() == [[1, 0, 1, 1], [0, 0, 0, 1]]
    newest = running_mean(padded(FEW), 2)[:, :4]
    assert newest.tolist() == [[1, 0.5, 0.5, 1], [0, 0, 0, 0.5]]
    mean = running_mean(padded(FEW))[:, :4]
    np.testing.assert_allclose(mean, [[1, 1 / 2, 2 / 3, 3 / 4], [0, 0, 0, 1 / 4]])
    assert (share_right(FEW, 3) == 0.5).all()


def test_one_hot_marks_the_exercise_and_its_answer() -> None:
    found = one_hot(padded(FEW))
    assert found.shape == (2, EXERCISES, 2 * EXERCISES)
    assert (found.sum(axis=2) == 1).all()
    assert found[0, 0, EXERCISES] == 1  # the first exercise, right
    assert found[0, 1, 1] == 1  # the second one, wrong


def test_a_later_answer_moves_no_earlier_probability() -> None:
    torch.manual_seed(0)
    model = Tracer().eval()
    answers = load_answers("k5").test[:4]
    changed = answers.copy()
    changed[:, 30:] = ~changed[:, 30:]
    with torch.inference_mode():
        before, after = (model(torch.from_numpy(one_hot(a))) for a in (answers, changed))
    # Column 29 is the forecast of exercise 30, made before its answer.
    torch.testing.assert_close(before[:, :30], after[:, :30])
    assert not torch.allclose(before[:, 30:], after[:, 30:])


def test_logistic_regression_learns_which_exercises_are_easy() -> None:
    train = np.random.default_rng(0).random((500, EXERCISES)) < np.linspace(0.2, 0.9, EXERCISES)
    given = logistic_regression(train, train[:50])
    assert given.shape == (50, EXERCISES - 1)
    np.testing.assert_allclose(given.mean(axis=0), np.linspace(0.2, 0.9, 50)[1:], atol=0.08)
