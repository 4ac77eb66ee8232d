"""Satellites and years that are judged had no part in the fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.emulators.satellite_samples import SatelliteSamples
from models.errors import ModelError
from pipelines.thermosphere_density.satellite_protocol import (
    MODELS,
    LeftOut,
    judge_left_out,
    leave_out_answers,
    left_out_cases,
)
from tests.models.emulators.satellite_worlds import samples, wandering

ROWS = 1095


def world() -> SatelliteSamples:
    """2003 to 2005, two satellites in turn."""
    return samples(ROWS, error=wandering(ROWS, size=0.08, memory=20.0))


CASE = LeftOut("a", 2004, 2004)


def test_nothing_of_the_satellite_or_the_years_is_trained_on() -> None:
    train = world().select(CASE.training(world()))
    assert set(train.satellite) == {"b"}
    assert set(train.time.astype("datetime64[Y]").astype(str)) == {"2003", "2005"}


def test_a_forecast_comes_across_the_past_of_others_and_its_own_left_out_years() -> None:
    past = world().select(CASE.past(world()))
    years = past.time.astype("datetime64[Y]").astype(str)
    assert set(years[past.satellite == "b"]) == {"2003", "2004"}
    assert set(years[past.satellite == "a"]) == {"2004"}


def test_every_satellite_is_left_out_in_every_block_where_it_has_samples() -> None:
    early = world().select(~((world().satellite == "a") & (np.arange(ROWS) > 400)))
    cases = left_out_cases(early, [(2003, 2003), (2005, 2005)])
    assert [(c.satellite, c.first_year) for c in cases] == [("a", 2003), ("b", 2003), ("b", 2005)]


def test_years_after_the_block_do_not_move_its_answers_when_they_are_not_trained_on() -> None:
    rows = world()
    later = rows.time >= np.datetime64("2005-01-01")
    own = later & (rows.satellite == "a")
    changed = replace(rows, log_density=np.where(own, -3.0, rows.log_density))
    first, second = (judge_left_out(r, CASE, iterations=1) for r in (rows, changed))
    assert all(np.array_equal(first[name].mean, second[name].mean) for name in MODELS)


def test_its_own_samples_move_only_the_answer_that_may_read_them() -> None:
    rows = world()
    own = CASE.rows(rows)
    changed = replace(rows, log_density=rows.log_density + np.where(own, 0.2, 0.0))
    first, second = (judge_left_out(r, CASE, iterations=1) for r in (rows, changed))
    same = {name: np.array_equal(first[name].mean, second[name].mean) for name in MODELS}
    assert same == {"corrected": True, "assimilated_others": True, "assimilated": False}


def test_rows_outside_the_blocks_have_no_answer() -> None:
    calls: list[tuple[int, int]] = []
    answers = leave_out_answers(world(), [(2004, 2004)], 1, lambda *done: calls.append(done))
    inside = world().time.astype("datetime64[Y]").astype(str) == "2004"
    for name in MODELS:
        assert np.array_equal(np.isfinite(answers[name].mean), inside)
    assert calls == [(1, 2), (2, 2)]


def test_blocks_without_samples_are_refused() -> None:
    with pytest.raises(ModelError, match="no samples in the years"):
        leave_out_answers(world(), [(1990, 1991)])


def test_a_file_of_one_satellite_cannot_be_judged() -> None:
    alone = samples(ROWS, satellites=("a",))
    with pytest.raises(ModelError, match="a left out in 2004-2004: other satellites have 0"):
        judge_left_out(alone, CASE)
