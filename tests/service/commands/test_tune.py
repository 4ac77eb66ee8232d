"""`halyard tune` hands files and options to the objective, and says what it found."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from pipelines.tuning import objectives
from pipelines.tuning.trials import STOPPED
from service import cli
from service.commands import tune
from service.commands.panel_options import PanelOptions
from tests.pipelines.tuning import toys

SPACE = {"parameters": toys.BOWL_SPACE}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Words that tune a toy in place of the networks."""
    monkeypatch.setitem(objectives.OBJECTIVES, "monthly", f"{__name__}:toy_objective")
    space = tmp_path / "space.yaml"
    space.write_text(yaml.safe_dump(SPACE, sort_keys=False), "utf-8")
    return ["tune", "monthly", "--space", str(space), "startup_trials=3"]


def toy_objective(**_arguments: Any) -> objectives.Objective:
    return toys.bowl()


def test_a_study_ends_in_files_that_are_named(
    toy: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study"
    assert cli.run([*toy, "--trials", "6", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert "6 complete; the best is trial" in shown.out
    assert f"best: {out / 'best.yaml'}" in shown.out
    assert "6/6" in shown.err
    best = yaml.safe_load((out / "best.yaml").read_text("utf-8"))
    assert {"x", "y", "kind"} <= set(best)
    assert {"summary.json", "history.png"} <= {file.name for file in out.iterdir()}


def test_without_a_folder_the_study_lies_at_home_under_its_name(
    toy: list[str], tmp_path: Path
) -> None:
    assert cli.run([*toy, "--trials", "2", "--study", "mine"]) == 0
    assert (tmp_path / "home" / "studies" / "mine" / "study.db").is_file()


def test_a_study_that_is_told_to_end_blames_no_trial(
    toy: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "study"
    words = [*toy, "--trials", "4", "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setitem(objectives.OBJECTIVES, "monthly", f"{__name__}:ended_objective")
        before = signal.getsignal(signal.SIGTERM)
        assert cli.run(words) == cli.INTERRUPTED
        assert signal.getsignal(signal.SIGTERM) is before
    # Another objective is refused: the study remembers that it was begun.
    assert cli.run(words) == cli.BAD_INPUT
    study = optuna.load_study(study_name="monthly", storage=f"sqlite:///{out / 'study.db'}")
    assert [trial.state.name for trial in study.trials] == ["FAIL"]
    assert study.trials[0].user_attrs[STOPPED]


def ended_objective(**_arguments: Any) -> objectives.Objective:
    """Sends its own process what a service manager sends to end it."""

    def objective(_params: dict[str, Any], _report: objectives.Report) -> float:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0.0

    return objective


def test_bounds_of_the_space_can_be_overridden(toy: list[str], tmp_path: Path) -> None:
    out = tmp_path / "study"
    assert cli.run([*toy, "space.x.low=0.5", "--trials", "4", "--out", str(out)]) == 0
    assert yaml.safe_load((out / "best.yaml").read_text("utf-8"))["x"] >= 0.5


def arguments(target: str, panel: PanelOptions, until: str | None = None) -> dict[str, Any]:
    return dict(tune._source(target, panel, until).arguments)


def test_the_objective_is_told_how_to_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / "returns.csv"
    file.write_text("a", "utf-8")
    panel = PanelOptions(
        data=file, min_months=60, clean=True, return_column="r", series_column=["a", "b"]
    )
    told = arguments("fund-sharpe", panel, "2010-12")
    assert len(told.pop("data_hash")) == 64
    assert told == {
        "data": str(file),
        "risk_free": None,
        "clean": True,
        "min_months": 60,
        "until": "2010-12",
        "columns": {"series": ("a", "b"), "returns": "r"},
    }


def test_other_contents_have_another_hash(tmp_path: Path) -> None:
    hashes = []
    for text in ("a", "b"):
        file = tmp_path / "returns.csv"
        file.write_text(text, "utf-8")
        hashes.append(arguments("fund-sharpe", PanelOptions(data=file))["data_hash"])
    assert hashes[0] != hashes[1]


def test_the_usual_way_of_reading_needs_no_words() -> None:
    assert set(arguments("fund-sharpe", PanelOptions())) == {"data", "risk_free", "data_hash"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sharpe"], "nothing called 'sharpe' to tune (did you mean 'fund-sharpe'?); there is: "),
        ([], "expected what to tune; there is: fund-sharpe, monthly, thermosphere-density"),
        (["monthly", "--until", "2010-12"], "--until: is for fund-sharpe; leave it out to tune"),
        (["monthly", "--min-months", "9"], "--min-months: is for fund-sharpe"),
        (["fund-sharpe", "--data", "none.csv"], "none.csv: no such file"),
        (["fund-sharpe", "--sampler", "magic"], "sampler: expected"),
        (["fund-sharpe", "trial=3"], "did you mean 'trials'?"),
        (["fund-sharpe", "space.layer.low=1"], "parameters.layer"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["tune", *words]) == 2
    line = capsys.readouterr().err
    assert expected in line
    assert line.count("\n") == 1


def test_a_month_before_the_data_is_told_and_ties_no_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["tune", "fund-sharpe", "--trials", "1", "--out", str(tmp_path / "study")]
    for until in ("1948-12", "soon"):
        assert cli.run([*words, "--until", until]) == 2
    err = capsys.readouterr().err
    assert "--until 1948-12: the data begin later, in 1949-01" in err
    assert "--until: period 'soon': expected one like '2013-07'" in err
