"""Hours that train, calibrate and judge are kept apart."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelError
from models.rollouts import hours_read
from pipelines.thermosphere_density.splits import (
    consecutive_rollouts,
    rollouts_within,
    split_hours,
    with_storm_weights,
)
from tests.pipelines.thermosphere_density.made_up_fields import QUICK

TIMES = np.datetime64("1999-01-01T00", "h") + np.arange(24 * 365 * 5 + 24)


def test_no_hour_has_two_uses_and_held_out_years_are_whole() -> None:
    split = split_hours(TIMES, (2001,))
    assert (split.train.astype(int) + split.valid + split.held_out == 1).all()
    years = np.unique(TIMES[split.held_out].astype("datetime64[Y]"))
    assert years.tolist() == [np.datetime64("2001", "Y").item()]
    assert split.held_out.sum() == 365 * 24


def test_validation_months_go_through_the_seasons() -> None:
    split = split_hours(TIMES, (2001,))
    months = np.unique(TIMES[split.valid].astype("datetime64[M]"))
    assert [str(m) for m in months] == ["1999-03", "2000-08", "2002-01", "2003-06"]


def arrays() -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    return np.zeros((len(TIMES), 2), np.float32), np.zeros((len(TIMES), 1), np.float32)


def test_training_rollouts_read_training_hours_only() -> None:
    split = split_hours(TIMES, (2001,))
    rows = rollouts_within(split.train, *arrays(), QUICK, step=7)
    assert not (hours_read(rows) & ~split.train).any()


def test_judged_windows_follow_each_other_through_the_year_held_out() -> None:
    split = split_hours(TIMES, (2001,))
    rows = consecutive_rollouts(split.held_out, *arrays(), QUICK)
    ahead = rows.hours_ahead.ravel()
    assert (np.diff(ahead) == 1).all()
    assert split.held_out[ahead].all()
    assert len(ahead) > 365 * 24 - QUICK.horizon


def test_years_between_two_that_are_held_out_are_not_judged() -> None:
    split = split_hours(TIMES, (2000, 2002))
    rows = consecutive_rollouts(split.held_out, *arrays(), QUICK)
    assert split.held_out[rows.hours_ahead].all()
    years = np.unique(TIMES[rows.hours_ahead].astype("datetime64[Y]")).tolist()
    assert [year.year for year in years] == [2000, 2002]


def test_storms_are_shown_more_often() -> None:
    inputs, state = arrays()
    rows = rollouts_within(np.ones(len(TIMES), bool), inputs, state, QUICK, step=50)
    kp = np.zeros(len(TIMES))
    kp[rows.hours_ahead[3, 5]] = 7.0
    kp[rows.hours_ahead[8, 0]] = 5.3
    weights = with_storm_weights(rows, kp, QUICK).weight
    assert weights[[3, 8, 12]].tolist() == [8.0, 2.5, 1.0]


def test_too_short_a_span_is_refused() -> None:
    few = np.zeros(20, dtype=bool)
    few[:18] = True
    with pytest.raises(ModelError, match="no 36 consecutive hours"):
        rollouts_within(few, np.zeros((20, 1)), np.zeros((20, 1)), QUICK)
    with pytest.raises(ModelError, match="18 hours held out"):
        consecutive_rollouts(few, np.zeros((20, 1)), np.zeros((20, 1)), QUICK)
