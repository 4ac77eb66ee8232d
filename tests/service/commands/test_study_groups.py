"""`halyard study groups`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.emulators.storage import to_state
from pipelines import registry
from pipelines.thermosphere_density import real_satellites
from service import cli
from tests.models.emulators import satellite_worlds, worlds
from tests.pipelines.fund_sharpe.tiny import panel, returns_file

QUICK = ["members=1", "training.epochs=1", "horizons=[6,12]", "network.hidden_size=4"]
HEAD = "date,seconds_in_day_s,satellite,altitude_m,longitude_deg,latitude_deg,density_kg_m3"


def returns(folder: Path) -> Path:
    return returns_file(folder, panel(24))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))


def test_funds_are_left_out_and_the_study_is_told_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = str(returns(tmp_path)), tmp_path / "out"
    words = ["study", "groups", "fund-sharpe", "--data", data, "--out", str(out)]
    assert cli.run([*words, "--folds", "2", "--by", "fund", "cells=[gru]", *QUICK]) == 0
    told = capsys.readouterr()
    assert "The price of interpretability, on funds never trained on: known_part_ridge" in told.out
    assert "trained without fold 2 of 2" in told.err
    kept = json.loads((out / "groups.json").read_text("utf-8"))
    assert kept["folds"] == 2
    assert kept["settings"]["left out together"] == "a fund"
    assert (out / "groups.html").is_file()
    for more, answer in (
        (["--by", "town"], "--by: expected group or fund, got 'town'"),
        (["--folds", "99"], "folds: expected 2 to 24, the number of groups, got 99"),
        (["--folds", "3", "cells=[gru]", *QUICK], "give another --out"),
    ):
        assert cli.run([*words, *more]) == 2
        said = capsys.readouterr().err
        assert answer in said
        assert said.count("\n") == 1


def test_satellites_are_left_out_of_the_correction_of_a_stored_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    about = {"metrics": {}, "config": {}, "data": {}}
    state = to_state(worlds.tiny_emulator()[0])
    registry.promote(registry.save_model("thermosphere-density", state, {}, seed=0, **about))
    world = satellite_worlds.samples(1500, satellites=("champ", "grace_a"), bias=0.1)
    monkeypatch.setattr(real_satellites, "satellite_samples", lambda *_: world)
    file, out = tmp_path / "densities.csv", tmp_path / "out"
    file.write_text(f"{HEAD}\n2003-11-20,60.0,champ,400000,-158.6,63.1,3e-12\n", "utf-8")
    words = ["study", "groups", "satellites", "--satellites", str(file), "--out", str(out)]
    assert cli.run(words) == 0
    told = capsys.readouterr()
    assert "On satellites never trained on, correction errs" in told.out
    assert "grace left out" in told.err
    kept = json.loads((out / "groups.json").read_text("utf-8"))
    assert kept["groups"] == 2
    assert set(kept["models"]) == {"emulator", "one factor", "correction"}
