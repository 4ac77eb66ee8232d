"""Scores of events on numbers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import DataError
from pipelines.evaluation.binary_scores import SCORES, binary_scores, ranks

CAME = np.array([True, True, False, False])
GIVEN = np.array([0.9, 0.4, 0.6, 0.1])


def test_scores_are_those_worked_out_by_hand() -> None:
    found = binary_scores(GIVEN, CAME)
    assert set(found) == set(SCORES)
    assert found["accuracy"] == 0.5
    assert found["auc"] == 0.75  # of four pairs, one is in the wrong order
    assert found["f1"] == 0.5
    assert found["mcc"] == 0.0
    assert found["rmse"] == pytest.approx(np.sqrt((0.01 + 0.36 + 0.36 + 0.01) / 4))
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.4, 0.9]).mean())


def test_a_sure_mistake_costs_a_finite_log_loss() -> None:
    assert np.isfinite(binary_scores(np.array([0.0, 1.0]), np.array([True, False]))["log_loss"])


def test_places_follow_the_direction_of_each_score_and_ties_share_one() -> None:
    row = dict.fromkeys(SCORES, 0.5)
    better = {**row, "auc": 0.6, "rmse": 0.4}
    found = ranks({"a": row, "b": better, "c": row})
    assert [found[name]["auc"] for name in "abc"] == [2, 1, 2]
    assert [found[name]["rmse"] for name in "abc"] == [2, 1, 2]
    assert {found[name]["f1"] for name in "abc"} == {1}


@pytest.mark.parametrize(
    ("given", "came", "message"),
    [
        (GIVEN, np.ones(4, bool), "some that came and some that did not"),
        (GIVEN + 0.5, CAME, "expected numbers from 0 to 1"),
        (GIVEN * np.nan, CAME, "expected numbers from 0 to 1"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    given: np.ndarray, came: np.ndarray, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        binary_scores(given, came)
