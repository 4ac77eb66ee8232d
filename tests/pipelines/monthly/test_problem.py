"""Rows of a panel: what is learned from comes before what is judged."""

from __future__ import annotations

import numpy as np

from pipelines.monthly.members import MIN_ROWS
from pipelines.monthly.problem import make_problem
from tests.models.monthly.panels import seasonal_panel
from tests.pipelines.monthly.files import PLAIN


def test_networks_train_when_there_are_rows_enough() -> None:
    problem = make_problem(seasonal_panel(12, 60), 3, 6, PLAIN)
    assert len(problem.train) >= MIN_ROWS
    assert len(problem.asked) == 12


def test_the_rehearsal_sees_no_outcome_of_the_validation_rows() -> None:
    problem = make_problem(seasonal_panel(12, 60), 3, 6, PLAIN)
    first = problem.check.origin.min()
    due = problem.rehearsal.origin[:, None] + np.asarray(problem.rehearsal.horizons)
    assert (due[np.isfinite(problem.rehearsal.target)] <= first).all()
    assert np.isfinite(problem.check.target).all()


def test_rows_where_a_series_has_not_moved_yet_are_not_learned_from() -> None:
    values = seasonal_panel(12, 60)
    values[1, :40] = 5.0
    problem = make_problem(values, 3, 6, PLAIN)
    origins = problem.train.origin[problem.train.series == 1] - PLAIN.lookback
    assert origins.min() == 40


def test_many_series_are_learned_from_at_fewer_origins() -> None:
    few, many = (make_problem(seasonal_panel(count, 60), 3, 6, PLAIN) for count in (5, 20))
    assert len(np.unique(many.train.origin)) < len(np.unique(few.train.origin))
