"""Rows of scores by segment are what the table of hours says, worked by hand."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.thermosphere_density.results_rows import (
    lead_curve,
    reliability_rows,
    scores_of,
    segment_rows,
)
from tests.pipelines.thermosphere_density.judged_tables import ERRORS, judged


def test_every_model_has_every_segment() -> None:
    found = judged()
    rows = segment_rows(found.hours, found.ranks, found.storms)
    segments = [row["segment"] for row in rows if row["model"] == "emulator"]
    days = [f"day{number}" for number in range(1, 6)]
    bands = ["100-200 km", "200-450 km"]
    classes = ["quiet", "moderate", "strong"]
    assert segments == ["all", *classes, *days, *bands, "storm 2003-11-20"]
    assert len(rows) == len(segments) * len(ERRORS)


def test_scores_of_a_segment_are_sums_over_its_hours_and_cells() -> None:
    found = judged()
    rows = segment_rows(found.hours, found.ranks, found.storms)
    whole = scores_of(rows, "dmdc")
    assert whole is not None
    # 4 % below, 8 % above: 6 % on average; the daily wave of a tenth cancels over ten days.
    assert whole["mape"] == pytest.approx(6.0)
    assert whole["nlpd"] == pytest.approx(0.6)
    assert whole["crps"] == pytest.approx(0.006)
    assert (whole["r"], whole["hours"]) == (3, 240)
    assert whole["coverage_90"] == pytest.approx(0.9)
    assert whole["calibration_error_score"] == pytest.approx(0.0, abs=1e-9)
    upper = scores_of(rows, "dmdc", "200-450 km")
    assert upper is not None
    assert upper["mape"] == pytest.approx(8.0)


def test_a_day_of_the_window_gathers_its_hours_of_all_windows() -> None:
    found = judged()
    rows = segment_rows(found.hours, found.ranks, found.storms)
    first = scores_of(rows, "emulator", "day1")
    assert first is not None
    assert first["hours"] == 48
    # Day 0 has the wave 1.1, day 5 (the first of the second window) 0.9.
    assert first["mape"] == pytest.approx(1.5)


def test_a_storm_has_the_hours_between_its_ends_both_included() -> None:
    found = judged()
    rows = segment_rows(found.hours, found.ranks, found.storms)
    storm = scores_of(rows, "emulator", "storm 2003-11-20")
    assert storm is not None
    assert storm["hours"] == 162 - 42 + 1


def test_a_segment_without_hours_has_no_row() -> None:
    found = judged()
    calm = found.hours.filter(pl.col("kp_class") != "strong")
    rows = segment_rows(calm, found.ranks)
    assert scores_of(rows, "emulator", "strong") is None
    assert {row["segment"] for row in reliability_rows(calm, found.ranks)} == {"all"}


def test_coverage_that_is_off_by_a_twentieth_is_a_calibration_error_of_about_five() -> None:
    found = judged(inside=-0.05)
    row = scores_of(segment_rows(found.hours, found.ranks), "emulator")
    assert row is not None
    assert row["calibration_error_score"] == pytest.approx(5.0)
    reliable = reliability_rows(found.hours, {"emulator": 3})[0]
    assert reliable["empirical"][1] == pytest.approx(reliable["nominal"][1] - 0.05)


def test_the_curve_over_the_lead_has_a_point_every_six_hours() -> None:
    curve = lead_curve(judged().hours, "emulator")
    assert curve["lead"].to_list() == list(range(6, 121, 6))
    assert curve["mape"].to_list() == pytest.approx([1.5] * 20)
