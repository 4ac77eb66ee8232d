"""From snapshots to a report; settings of the back-test that cannot be are one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.emulators.grid import Grid
from models.emulators.settings import DensityConfig
from models.errors import ConfigError
from pipelines.config import load_config, shipped_configs
from pipelines.dataclass_config import load_dataclass
from pipelines.thermosphere_density.backtest import DensityBacktest
from pipelines.thermosphere_density.judging import backtest_density, bands_over, check_judging
from pipelines.thermosphere_density.opening import open_fields
from pipelines.thermosphere_density.quick import quick_settings
from pipelines.thermosphere_density.real_satellites import SatelliteJudgement
from pipelines.thermosphere_density.satellite_scores import SatelliteScore
from pipelines.thermosphere_density.tuning_objective import configured
from pipelines.tuning.space import SearchSpace
from tests.pipelines.thermosphere_density.made_up_fields import QUICK
from tests.pipelines.thermosphere_density.world_store import world_store

HOW = DensityBacktest(small_rank=1, jobs=1, models=("persistence",))


def test_a_folder_becomes_metrics_hours_and_a_report(tmp_path: Path) -> None:
    fields, drivers, config = open_fields(QUICK, world_store().folder)
    row = SatelliteScore(
        model="m", satellite="s", year=1, n=2, mape=3.0, log_rmse=0.1, bias=0.0, coverage_90=0.9
    )
    real = SatelliteJudgement((row,), (), ("Two samples.",))
    found = backtest_density(fields, drivers, config, HOW, tmp_path, real)
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    assert {row["model"] for row in metrics["rows"]} == {"persistence"}
    assert metrics["satellites"] == [row]
    assert metrics["truth"] == "a made-up world"
    assert metrics["data_hash"] == fields.data_hash
    assert metrics["config"]["model"]["held_out"] == [2002]
    assert {file.name for file in tmp_path.iterdir()} == {
        *("metrics.json", "hours.parquet", "report.html", "parts")
    }
    assert "Two samples." in found.files["report"].read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"small_rank": 0}, "backtest.small_rank: expected 1 or more, got 0"),
        ({"jobs": 0}, "backtest.jobs: expected 1 or more, got 0"),
        ({"bands": (100.0,)}, "backtest.bands: expected 2 or more rising heights"),
        ({"bands": (100.0, 300.0, 200.0)}, "backtest.bands: expected 2 or more rising heights"),
        ({"models": ("lstm",)}, "backtest.models: no model called 'lstm'; there is: emulator,"),
    ],
)
def test_wrong_settings_are_one_line(change: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        check_judging(replace(HOW, **change), QUICK)  # type: ignore[arg-type]


def test_a_back_test_needs_a_year() -> None:
    with pytest.raises(ConfigError, match="held_out: expected a year to judge"):
        check_judging(HOW, replace(QUICK, held_out=()))


def test_a_year_must_lie_in_the_months() -> None:
    with pytest.raises(ConfigError, match="expected a year from 2001-01 to 2002-02, got 2003"):
        check_judging(HOW, replace(QUICK, first="2001-01", last="2002-02", held_out=(2003,)))


def test_bands_reach_as_far_as_the_grid() -> None:
    high = Grid.regular(lowest=95.0, highest=1000.0)
    assert bands_over((100.0, 450.0), high) == (95.0, 100.0, 450.0, 1000.0)
    assert bands_over((100.0, 450.0), Grid.regular()) == (100.0, 450.0)


def test_a_quick_run_has_two_years_before_the_one_it_judges() -> None:
    quick = quick_settings(DensityConfig(held_out=(2003,)))
    assert (quick.first, quick.last, quick.members) == ("2001-01", "2003-12", 1)
    assert quick.recurrent.training.epochs == 10
    early = quick_settings(DensityConfig(held_out=(1998,)))
    assert early.first == "1997-01"
    assert quick_settings(replace(QUICK, held_out=())) == replace(QUICK, held_out=())


def test_every_shipped_setting_of_density_is_loaded() -> None:
    loaded = {"thermosphere_density", "thermosphere_first", "density_backtest", "density_space"}
    assert loaded <= set(shipped_configs())
    full = load_dataclass(DensityConfig, "thermosphere_density")
    first = load_dataclass(DensityConfig, "thermosphere_first")
    assert first.grid.grid().height[-1] == 1000.0
    check_judging(load_dataclass(DensityBacktest, "density_backtest"), full)
    for name in load_config(SearchSpace, "density_space").parameters:
        configured(full, {name: "full" if name == "covariance" else 1})


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("source=msis3", "source: expected 'msis21'"),
        ("grid.levels=[100, high]", "grid.levels.1: expected a valid number, got 'high'"),
        ("grid.level=[100]", "did you mean 'levels'?"),
        ("recurrent.network.covariance=wide", "recurrent.network.covariance: expected 'diagonal'"),
        ("rank=ten", "rank: expected a valid integer, got 'ten'"),
        ("rank=0", "rank: expected 1 or more, got 0"),
        ("held_out=2003", "held_out: expected a valid array, got 2003"),
    ],
)
def test_literals_tuples_and_groups_are_checked(word: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_dataclass(DensityConfig, "thermosphere_density", [word])
    assert expected in str(caught.value)
