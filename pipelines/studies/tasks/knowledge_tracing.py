"""Binary event sequences: will a student answer the next exercise correctly?

Synthetic-K5 and Synthetic-K2 of Piech et al. 2015 ("Deep knowledge tracing"), as published with
the review of Sarsa, Leinonen and Hellas (2022), who dedicate their repository to the public
domain: 4000 simulated students who answer the same 50 exercises in the same order, which test
five hidden skills or two. Kept as packed bits in knowledge_tracing.npz.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray

BoolArray = npt.NDArray[np.bool_]
STUDENTS, EXERCISES = 4000, 50
#: Share of students that are tested.
TEST_SHARE = 0.2
FILE = "knowledge_tracing.npz"


@dataclass(frozen=True)
class Answers:
    """Answers of students to exercises, student × exercise; no student is on both sides."""

    train: BoolArray
    test: BoolArray


def load_answers(name: Literal["k2", "k5"], seed: int = 0) -> Answers:
    """Students of one data set, split at random by the seed."""
    with as_file(files("pipelines.studies.tasks") / FILE) as path, np.load(path) as found:
        bits = np.unpackbits(found[name], axis=1)[:, :EXERCISES].astype(bool)
    order = np.random.default_rng(seed).permutation(STUDENTS)
    tested = int(TEST_SHARE * STUDENTS)
    return Answers(bits[order[tested:]], bits[order[:tested]])


def one_hot(answers: BoolArray) -> FloatArray:
    """What a network reads: student × exercise × (exercise and answer), float32."""
    found = np.zeros((*answers.shape, 2 * EXERCISES), dtype=np.float32)
    place = np.arange(EXERCISES) + EXERCISES * answers
    np.put_along_axis(found, place[..., None], 1.0, axis=2)
    return found


def as_last_time(answers: BoolArray) -> FloatArray:
    """The answer to the exercise before, for exercises from the second on."""
    return answers[:, :-1].astype(np.float64)


def running_mean(answers: BoolArray, count: int | None = None) -> FloatArray:
    """Mean of the newest `count` answers, or of all, for exercises from the second on."""
    total = np.cumsum(answers, axis=1, dtype=np.float64)
    seen = np.arange(1, EXERCISES + 1, dtype=np.float64)
    if count is not None:
        before = np.pad(total, ((0, 0), (count, 0)))[:, :EXERCISES]
        total, seen = total - before, np.minimum(seen, count)
    return np.asarray((total / seen)[:, :-1])


def share_right(train: BoolArray, students: int) -> FloatArray:
    """Share of right answers in training, the same for every student and exercise."""
    return np.full((students, EXERCISES - 1), train.mean())


def logistic_regression(train: BoolArray, test: BoolArray) -> FloatArray:
    """From the exercise and counts of right and wrong answers so far (PFA, Pavlik et al. 2009
    without skills, which are hidden here): the probability of exercises from the second on."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=500)
    model.fit(_counts(train), train[:, 1:].ravel())
    return np.asarray(model.predict_proba(_counts(test))[:, 1].reshape(len(test), -1))


def _counts(answers: BoolArray) -> FloatArray:
    right = np.cumsum(answers, axis=1)[:, :-1]
    wrong = np.arange(1, EXERCISES) - right
    which = np.broadcast_to(np.eye(EXERCISES - 1), (len(answers), EXERCISES - 1, EXERCISES - 1))
    both = np.log1p(np.stack([right, wrong], axis=2))
    return np.concatenate([which, both], axis=2).reshape(-1, EXERCISES + 1)
