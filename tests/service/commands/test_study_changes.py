"""`halyard study changes` and `halyard study memory` on models of the registry."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from models.emulators.storage import to_state as emulator_state
from models.fund_sharpe import to_state
from pipelines import registry
from service import cli
from tests.models.emulators.worlds import HORIZON, LOOKBACK
from tests.pipelines.studies.changes.gated import gated_emulator, gated_funds
from tests.service.commands.test_study_prequential import returns

ABOUT = {"metrics": {}, "config": {"periods_per_year": 12}, "data": {}}


def store_funds() -> None:
    sample = {"excess": [[0.01]]}
    state = to_state(gated_funds())
    registry.promote(registry.save_model("fund-sharpe", state, sample, seed=0, **ABOUT))


def store_emulator() -> None:
    state = emulator_state(gated_emulator()[0])
    stored = registry.save_model("thermosphere-density", state, {}, seed=0, **ABOUT)
    registry.promote(stored)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))


def table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "changes.csv").open(encoding="utf-8")))


def test_changes_of_funds_are_told_drawn_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_funds()
    data, out = str(returns(tmp_path)), tmp_path / "out"
    words = ["study", "changes", "fund-sharpe", "--data", data, "--out", str(out)]
    assert cli.run(words) == 0
    assert "gatelord 0: the state changed at" in capsys.readouterr().out
    rows = table(out)
    assert rows[-1]["step"] == "2016-06"
    assert {row["networks_changed"] for row in rows} <= {"0", "1"}
    assert all(0 <= float(row["open_share"]) <= 1 for row in rows)
    assert (out / "changes.png").read_bytes().startswith(b"\x89PNG")


def test_changes_of_hours_read_the_observed_space_weather(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_emulator()
    words = ["study", "changes", "thermosphere-density", "--out", str(tmp_path)]
    assert cli.run([*words, "--start", "2003-10-29T06", "--hours", "12"]) == 0
    assert "most gates (" in capsys.readouterr().out
    rows = table(tmp_path)
    assert len(rows) == LOOKBACK + 12
    assert rows[LOOKBACK]["step"] == "2003-10-29T06"
    for more, answer in (
        (["--start", "2003-10-29T06", "--hours", "999"], f"expected 1 to {HORIZON} hours"),
        (["--start", "yesterday"], "--start: expected an hour in UTC like 2003-10-29T00"),
        (["--start", "2003-10-29T06", "--model", "none"], "none"),
    ):
        assert cli.run([*words, *more]) == 2
        told = capsys.readouterr().err
        assert answer in told
        assert told.count("\n") == 1


def test_memory_of_stored_models_is_told_beside_their_windows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_funds()
    store_emulator()
    for job, unit, networks in (("fund-sharpe", "months", 2), ("thermosphere-density", "hours", 2)):
        out = tmp_path / job
        assert cli.run(["study", "memory", job, "--lags", "8", "--out", str(out)]) == 0
        assert capsys.readouterr().out.count(f"{unit} the state tells") == networks
        kept = json.loads((out / "memory.json").read_text("utf-8"))
        assert [len(one["explained"]) for one in kept] == [8] * networks
        assert (out / "memory.png").is_file()
