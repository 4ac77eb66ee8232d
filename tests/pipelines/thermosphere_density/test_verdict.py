"""The verdict says what the numbers say: aims met and missed, who is ahead, and how sure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from pipelines.evaluation.mean_test import zero_mean_test
from pipelines.thermosphere_density.leads import same_day_rows
from pipelines.thermosphere_density.results_rows import Row, segment_rows
from pipelines.thermosphere_density.verdict import DensityVerdict, Goal, judge
from pipelines.thermosphere_density.verdict_tests import (
    daily_losses,
    paired_tests,
    sure,
    sure_of_rival,
)
from tests.pipelines.thermosphere_density.judged_tables import ERRORS, judged


def verdict_of(errors: Mapping[str, float] = ERRORS, inside: float = 0.0) -> DensityVerdict:
    found = judged(errors, inside)
    rows = segment_rows(found.hours, found.ranks, found.storms)
    rivals = [model for model in found.ranks if model != "emulator"]
    tests = paired_tests(found.hours, "emulator", rivals) if "emulator" in errors else []
    return judge(rows, tests, same_day_rows(found.leads, found.ranks))


def goal(verdict: DensityVerdict, key: str) -> Goal:
    return next(goal for goal in verdict.goals if goal.key == key)


def test_all_aims_met_are_counted_in_the_headline() -> None:
    found = verdict_of()
    assert all(goal.met for goal in found.goals)
    assert found.headline == (
        "The emulator errs by 1.50 % on average over open-loop windows that it never saw, 1.50 % "
        "in strong storms, and meets all 10 aims."
    )


def test_aims_have_the_figures_of_the_rows() -> None:
    found = verdict_of()
    assert goal(found, "mape_small").value == pytest.approx(2.1)
    assert goal(found, "mape_free").value == pytest.approx(1.5)
    assert goal(found, "growth").value == pytest.approx(1.0)
    assert goal(found, "growth_same_days").value == pytest.approx(1.06)
    assert goal(found, "memoryless_nlpd").value == pytest.approx(0.15)
    assert goal(found, "memoryless_nlpd").limit == pytest.approx(0.3)
    assert len(found.goals) == 10


@pytest.mark.parametrize(
    ("errors", "missed"),
    [
        ({"emulator_r10": 1.5}, "mape_small"),
        ({"emulator": 1.1}, "mape_free"),
        ({"emulator_f107_kp": 2.7}, "mape_f107_kp"),
        ({"memoryless": 0.9}, "memoryless_mape"),
    ],
)
def test_an_aim_that_is_missed_is_named(errors: dict[str, float], missed: str) -> None:
    found = verdict_of({**ERRORS, **errors})
    one = goal(found, missed)
    assert not one.met
    assert one.sentence.endswith("missed.")
    assert one.sentence in found.sentences
    assert "aims." in found.headline
    assert "all 10" not in found.headline


def test_intervals_that_hold_too_little_miss_the_calibration_aim() -> None:
    assert not goal(verdict_of(inside=-0.05), "calibration").met


def test_to_equal_a_rival_is_not_to_beat_it() -> None:
    assert not Goal("k", "text", 1.0, 1.0, below=True).met
    assert Goal("k", "text", 1.0, 1.0).met


def test_who_is_behind_and_ahead_is_told_with_a_star_where_it_is_sure() -> None:
    found = verdict_of({"emulator": 1.0, "memoryless": 2.0, "polynomial": 0.9})
    told = next(s for s in found.sentences if s.startswith("MAPE over all hours"))
    assert told == (
        "MAPE over all hours: emulator 1.50; behind it memoryless (3.00*); ahead of it "
        "polynomial (1.35*)."
    )


def test_models_that_took_no_part_have_no_aims() -> None:
    assert verdict_of({"dmdc": 4.0}).headline == "The emulator took no part in this run."
    alone = verdict_of({"emulator": 1.0})
    assert {g.key for g in alone.goals} == {
        *("mape_free", "mape_strong", "growth", "growth_same_days", "calibration")
    }
    assert all("behind it" not in sentence for sentence in alone.sentences)


def test_daily_losses_are_means_over_the_hours_and_cells_of_a_day() -> None:
    losses = daily_losses(judged().hours, "emulator")
    assert losses["all"]["mape"].to_list() == pytest.approx([1.65, 1.35] * 5)
    assert losses["strong"]["day"].dt.day().to_list() == [21, 26]


def test_the_paired_test_is_that_of_the_daily_differences() -> None:
    (row, *_) = paired_tests(judged().hours, "emulator", ["memoryless"])
    # The emulator's loss is half of its rival's: differences are minus the emulator's own.
    difference = -np.array([1.65, 1.35] * 5)
    assert row["mean_difference"] == pytest.approx(-1.5)
    expected = zero_mean_test(difference, 4)
    assert row["p_value"] == pytest.approx(expected.p_less)
    assert row["days"] == 10


def test_too_few_days_of_storm_are_no_test() -> None:
    rows = paired_tests(judged().hours, "emulator", ["memoryless"])
    storm = next(row for row in rows if row["segment"] == "strong")
    assert storm["days"] == 2
    assert storm["p_value"] is None
    assert not sure(storm)
    assert not sure_of_rival(storm)


def test_without_a_storm_the_difference_is_unknown() -> None:
    calm = judged().hours.filter(pl.col("kp_class") != "strong")
    rows: list[Row] = paired_tests(calm, "emulator", ["memoryless"])
    storm = next(row for row in rows if row["segment"] == "strong")
    assert (storm["days"], storm["mean_difference"], storm["p_value"]) == (0, None, None)
