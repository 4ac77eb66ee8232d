"""The back-test of the emulator on a small world: who takes part, what it may not see."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import polars as pl
import pytest

from models.emulators.drivers import Drivers
from pipelines.thermosphere_density import backtest
from pipelines.thermosphere_density.backtest import DensityBacktest, Judged, judge_contestants
from pipelines.thermosphere_density.contestants import contestants
from pipelines.thermosphere_density.fields import reduce_fields
from pipelines.thermosphere_density.leads import same_day_rows
from pipelines.thermosphere_density.scoring import segment_row
from pipelines.thermosphere_density.splits import split_hours
from pipelines.thermosphere_density.training import train_emulator
from tests.pipelines.thermosphere_density.made_up_fields import QUICK, MadeUpFields, made_up

HOW = DensityBacktest(small_rank=1, bands=(100.0, 200.0, 450.0), jobs=1)


@cache
def world() -> tuple[MadeUpFields, Drivers]:
    return made_up()


@cache
def judged() -> tuple[Judged, Path]:
    out = Path(mkdtemp())
    return judge_contestants(*world(), QUICK, HOW, out), out


def mape(found: Judged, model: str, **where: str) -> float:
    rows = found.hours.filter(model=model, **where)
    return float(segment_row(rows)["mape"])


def test_every_contestant_is_scored_on_the_same_hours_of_the_year_held_out() -> None:
    found, _ = judged()
    names = [one.name for one in contestants(QUICK, 1, physics=True)]
    assert found.hours["model"].unique(maintain_order=True).to_list() == names
    counts = found.hours.group_by("model").len()["len"].unique()
    assert len(counts) == 1
    assert found.hours["hour"].dt.year().unique().to_list() == [2002]
    assert found.hours["lead"].max() == QUICK.horizon


def test_the_emulator_beats_persistence_where_drivers_move_the_state() -> None:
    found, _ = judged()
    assert mape(found, "emulator") < 0.7 * mape(found, "persistence")


def test_nrlmsis_does_not_take_part_where_it_made_the_fields() -> None:
    names = [one.name for one in contestants(QUICK, 1)]
    assert "msis" not in names
    found, _ = judged()
    # The small world is not the thermosphere, so NRLMSIS is far off and knows it.
    assert mape(found, "msis") > mape(found, "emulator")
    rows = found.hours.filter(model="msis")
    assert segment_row(rows)["coverage"]["0.9"] > 0.5


def test_fewer_components_are_used_where_they_are_asked_for() -> None:
    found, _ = judged()
    assert found.ranks["emulator"] == 2
    assert found.ranks["emulator_r1"] == found.ranks["dmdc_six"] == 1
    assert np.all(np.diff(found.explained) >= 0)


def test_storms_are_drawn_with_their_worst_hour() -> None:
    found, _ = judged()
    assert len(found.storms) == 2
    for storm in found.storms:
        assert str(storm.peak).startswith("2002-")
        assert "-10T" in str(storm.peak)
    curve = found.curves.filter(model="emulator", storm=found.storms[0].name)
    assert (curve["low"] < curve["median"]).all()
    assert (curve["median"] < curve["high"]).all()
    one_map = found.maps.filter(model="emulator", storm=found.storms[0].name)
    assert len(one_map) == 24


def test_a_finished_contestant_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found, out = judged()
    monkeypatch.setattr(backtest, "_judge", lambda *_: pytest.fail("trained again"))
    again = judge_contestants(*world(), QUICK, HOW, out)
    assert again.hours.equals(found.hours)


def test_other_settings_are_another_result() -> None:
    _, out = judged()
    told: list[str] = []
    how = replace(HOW, models=("persistence",))
    settings = replace(QUICK, horizon=12)
    found = judge_contestants(*world(), settings, how, out, lambda what, _d, _a: told.append(what))
    assert found.hours["lead"].max() == 12
    assert told == ["persistence", "done"]


def test_nothing_of_the_year_held_out_moves_what_is_fitted() -> None:
    fields, weather = world()
    out = split_hours(weather.times, QUICK.held_out).held_out
    other = fields.values.copy()
    other[out] += 1.0
    moved = replace(fields, values=other)
    values = weather.values.copy()
    values[out] *= 1.1
    drivers = replace(weather, values=values)
    first, second = train_emulator(fields, weather, QUICK), train_emulator(moved, drivers, QUICK)
    assert np.array_equal(first.components.basis, second.components.basis)
    assert np.array_equal(first.shape.quantiles, second.shape.quantiles)
    span = weather.times[2000], weather.times[2050]
    assert np.array_equal(first.path(weather, *span).mean, second.path(weather, *span).mean)
    assert np.array_equal(first.limits, second.limits)


def test_the_reduced_state_is_the_projection_of_every_field() -> None:
    fields, weather = world()
    split = split_hours(weather.times, QUICK.held_out)
    series = reduce_fields(fields, weather, split.train, QUICK)
    flat = fields.values.reshape(len(fields.times), -1)
    assert np.allclose(series.state, series.components.project(flat), atol=1e-5)
    missed = flat - series.components.reconstruct(series.state)
    assert np.allclose(series.left_out, (missed**2).sum(axis=1), rtol=1e-3)
    one = series.truncated(1)
    missed = flat - one.components.reconstruct(one.state)
    assert np.allclose(one.left_out, (missed**2).sum(axis=1), rtol=1e-2)


def test_every_day_is_forecast_from_all_the_starts_before_it(tmp_path: Path) -> None:
    """Windows of two days that begin every day, so there are two leads of each day."""
    settings, how = replace(QUICK, horizon=48), replace(HOW, models=("persistence",))
    found = judge_contestants(*world(), settings, how, tmp_path)
    leads = found.leads.filter(model="persistence")
    counts = leads.group_by("day").len().sort("day")
    assert counts["len"].unique().sort().to_list() == [1, 2]
    assert (counts["len"] == 2).sum() >= len(counts) - 3
    rows = {row["lead"]: row for row in same_day_rows(found.leads, {"persistence": 2})}
    assert sorted(rows) == [1, 2]
    assert rows[1]["days"] == rows[2]["days"] == (counts["len"] == 2).sum()
    # A state that stays is farther off the day after.
    assert rows[1]["mape"] < rows[2]["mape"]


def test_errors_by_lead_are_those_of_the_windows_that_begin_there() -> None:
    """Without a shift they are the errors of the table of hours, but for the cells left out."""
    found, _ = judged()
    firsts = found.hours.filter(pl.col("lead") <= 24, model="dmdc")
    days = firsts["hour"].dt.date().unique()
    by_day = found.leads.filter(pl.col("day").is_in(days.to_list()), model="dmdc")
    table = float(firsts["ape"].sum()) / float(firsts["cells"].sum())
    assert by_day["mape"].mean() == pytest.approx(table, rel=0.2)


def test_the_table_of_hours_is_what_polars_reads_back() -> None:
    found, out = judged()
    parts = sorted((out / "parts").glob("persistence-*.hours.parquet"))
    assert pl.read_parquet(parts[0]).columns == found.hours.columns
