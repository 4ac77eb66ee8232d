"""`halyard retrain` from the command line: one command, its words, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines import registry
from pipelines.datasets.panel import ReturnsPanel
from service import cli
from service.commands import retrain_density
from service.commands.retrain_options import STOPPED
from tests.pipelines.retraining.worlds import density_config, small_panel, world

FUND = "fund-sharpe"
#: A model of an instant, on few origins; a busy machine may take any time.
SMALL = [
    "horizons=[6,12]",
    "network.hidden_size=4",
    "retrain.comparison.origins=20",
    "retrain.comparison.step=2",
    "retrain.promotion.coverage=[0,1]",
    "retrain.promotion.latency_ratio=20",
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    return tmp_path


def write(panel: ReturnsPanel, file: Path) -> str:
    """A long CSV of the panel."""
    rows = [
        {"fund": name, "month": month, "ret": float(panel.returns[i, t])}
        for i, name in enumerate(panel.ids)
        for t, month in enumerate(panel.periods)
    ]
    pl.DataFrame(rows).write_csv(file)
    return str(file)


def retrain(file: str, *words: str) -> int:
    return cli.run(["retrain", FUND, "--data", file, "--quick", *words, *SMALL])


def test_a_run_says_what_it_decided_and_where_its_report_is(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(small_panel(170), home / "funds.csv")
    assert retrain(file) == 0
    out = capsys.readouterr().out
    assert f"of {FUND}: promoted: there is no champion to be compared with." in out
    assert Path(out.rpartition("report: ")[2].strip()).is_file()
    assert registry.champion_version(FUND) is not None
    assert retrain(file, "--if-needed") == 0
    assert "not needed: only 0 new periods" in capsys.readouterr().out
    assert cli.run(["retrain", "runs", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["decision"] for row in rows] == ["not needed", "promoted"]
    assert cli.run(["retrain", "runs", FUND]) == 0
    assert "promoted" in capsys.readouterr().out


def test_a_deadline_ends_with_its_own_code_and_the_same_command_goes_on(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(small_panel(170), home / "funds.csv")
    assert retrain(file, "--deadline", "0") == STOPPED
    assert "The same command goes on." in capsys.readouterr().out
    assert retrain(file) == 0
    assert "goes on in" in capsys.readouterr().err


def test_a_dry_run_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(small_panel(170), home / "funds.csv")
    assert retrain(file, "--dry-run") == 0
    out = capsys.readouterr().out
    assert "A new model is needed:\n  there is no champion yet" in out
    assert not (home / "home").exists()


def test_steps_one_by_one_need_a_name_for_their_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(small_panel(170), home / "funds.csv")
    assert retrain(file, "--only-step", "validate") == 2
    assert "--only-step: expected --run-id too" in capsys.readouterr().err
    assert retrain(file, "--only-step", "validate", "--run-id", "flow") == 0
    assert "Run flow: step validate is done." in capsys.readouterr().out
    assert retrain(file, "--only-step", "decide", "--run-id", "flow") == 2
    assert "step drift is not done yet" in capsys.readouterr().err
    # A step that the deadline stops must not look done to an engine.
    for step in ("drift", "decide", "tune"):
        assert retrain(file, "--only-step", step, "--run-id", "flow") == 0
    late = ["--only-step", "train", "--run-id", "flow", "--deadline", "0"]
    assert retrain(file, *late) == STOPPED
    assert retrain(file, *late[:-2]) == 0


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("retrain.promotion.alpha=0.9", "promotion.alpha: expected less than 0.5, got 0.9"),
        ("retrain.promotion.coverage=[0.9,0.8]", "expected two shares in order"),
        ("retrain.tuning.trails=3", "tuning.trails: unknown key (did you mean 'trials'?)"),
        ("epochs=3", "epochs: unknown key"),
    ],
)
def test_bad_words_are_said_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], word: str, message: str
) -> None:
    file = write(small_panel(40), home / "funds.csv")
    assert cli.run(["retrain", FUND, "--data", file, word]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]


def test_no_runs_are_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["retrain", "runs"]) == 0
    assert "No runs yet" in capsys.readouterr().out


def test_density_reads_all_months_of_its_fields_and_takes_the_same_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fields, drivers = world(24 * 396)
    asked = []

    def opened(config: object, folder: object, workers: int) -> object:
        asked.append((config.last, folder, workers))  # type: ignore[attr-defined]
        return fields, drivers, density_config(last="2002-01")

    monkeypatch.setattr(retrain_density, "opened", opened)
    monkeypatch.setattr(retrain_density, "challenger_settings", lambda *_: density_config())
    words = ["--snapshots", str(home), "--workers", "1", "retrain.comparison.months=1"]
    small = ["retrain.promotion.coverage=[0,1]"]
    assert cli.run(["retrain", "thermosphere-density", *words, *small]) == 0
    assert "promoted: there is no champion" in capsys.readouterr().out
    assert asked == [("9999-12", home, 1)]
    assert cli.run(["retrain", "thermosphere-density", *words, *small, "--if-needed"]) == 0
    assert "not needed" in capsys.readouterr().out


def test_settings_of_a_density_challenger_come_from_the_shipped_file_first() -> None:
    found = retrain_density.challenger_settings(None, None, ["members=1"])
    assert (found.members, found.cells) == (1, ("lstm", "gru"))
