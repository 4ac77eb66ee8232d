"""`halyard snapshots`: what it makes, tells and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.config import shipped_configs
from pipelines.dataclass_config import load_dataclass
from pipelines.datasets.density.settings import SnapshotConfig
from pipelines.datasets.density.store import SnapshotStore
from service import cli
from service.commands import snapshots
from tests.pipelines.datasets.density.tiegcm_files import GRID, History, on_grid, write_history

TINY = ["grid.local_times=4", "grid.latitudes=4", "grid.heights=2"]
LEVELS = [*TINY, f"grid.levels={list(GRID.height)}"]


@pytest.fixture(autouse=True)
def the_verb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The verb under test, with the embedded space weather."""
    monkeypatch.setattr(cli, "VERBS", {"snapshots": snapshots.app})
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))


def generate(out: Path, *more: str) -> int:
    return cli.run(
        ["snapshots", "generate", *TINY, "--out", str(out), "--workers", "1", "--json", *more]
    )


def test_the_shipped_settings_are_the_defaults() -> None:
    assert "snapshots" in shipped_configs()
    assert load_dataclass(SnapshotConfig, "snapshots") == SnapshotConfig()


def test_months_are_made_told_and_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fields"
    assert generate(out, "--first", "2003-10", "--last", "2003-10") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["label"], told["hours"], told["files"]) == ("NRLMSIS 2.1", 744, 1)
    assert generate(out, "--first", "2003-10", "--last", "2003-11") == 0
    assert cli.run(["snapshots", "show", str(out), "--verify"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "hours      1464" in lines
    assert "grid       4 local times × 4 latitudes × 2 heights, 100 to 450 km" in lines


def test_the_test_truth_is_labelled_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = ["--source", "relaxed_msis21", "--first", "2003-10", "--last", "2003-10"]
    assert generate(tmp_path / "fields", *how, "relaxation.depth=0.3") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["label"] == "relaxed NRLMSIS 2.1 (test truth)"
    store = SnapshotStore.open(tmp_path / "fields")
    assert store.manifest.made_with["relaxation"]["depth"] == 0.3


def test_histories_are_converted_with_drivers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write_history(tmp_path / "s.nc", History()), tmp_path / "fields"
    words = ["snapshots", "convert", str(file), "grid.latitudes=4", "--out", str(out)]
    levels = [word for word in LEVELS if word not in words]
    assert cli.run([*words, *levels, "--workers", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["label"], told["hours"]) == ("TIE-GCM 2.0", 4)
    store = SnapshotStore.open(out)
    height = store.read(store.first, store.last)
    expected = on_grid(store.times, store.grid)
    assert np.abs(height - expected).max() < 0.02
    assert len(store.drivers) == 4


def test_hours_without_space_weather_are_converted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = History(hours=np.datetime64("2040-01-01T00", "h") + np.arange(2))
    file = write_history(tmp_path / "s.nc", late)
    out = str(tmp_path / "fields")
    assert cli.run(["snapshots", "convert", str(file), *LEVELS, "--out", out]) == 0
    assert "warning: space weather does not cover 2040-01-01T00" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--source", "jb2008"], "source: expected one of msis21"),
        (["--first", "2003"], "--first: expected a month such as 1997-01, got '2003'"),
        (["grid.highest=1200"], "grid.height: expected 2 or more rising heights in km from 90"),
        (["grid.hights=3"], "did you mean 'heights'?"),
        (["--workers", "0"], "workers: expected 1 or more"),
    ],
)
def test_bad_words_end_with_2_and_one_line(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(tmp_path / "fields", "--last", "1997-01", *words) == 2
    line = capsys.readouterr().err
    assert line.startswith("halyard: ")
    assert line.count("\n") == 1
    assert expected in line
