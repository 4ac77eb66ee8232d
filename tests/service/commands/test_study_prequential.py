"""`halyard study prequential`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import cli
from tests.pipelines.fund_sharpe.tiny import panel, returns_file


def returns(folder: Path) -> Path:
    return returns_file(folder, panel())


def run(folder: Path, *words: str) -> int:
    common = ["study", "prequential", "--data", str(returns(folder)), "--out", str(folder / "out")]
    return cli.run([*common, *words])


def test_it_prints_the_table_and_writes_numbers_and_a_plot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["members=1", "training.epochs=1", "horizons=[6,12]", "network.hidden_size=4"]
    code = run(tmp_path, "--rate", "0.01", "--optimiser", "adam", "--cell", "gru", *words)
    shown = capsys.readouterr()
    assert code == 0
    assert "frozen" in shown.out
    assert "adam 0.01" in shown.out
    assert "2011-07 to 2015-12" in shown.out
    told = json.loads((tmp_path / "out" / "prequential.json").read_text("utf-8"))
    assert told["settings"]["online"][0]["optimiser"] == "adam"
    assert told["settings"]["model"]["members"] == 1
    assert (tmp_path / "out" / "prequential.png").is_file()


def test_wrong_words_are_answered_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, answer in (
        (["--optimiser", "lbfgs"], "online.optimiser: expected sgd or adam, got 'lbfgs'"),
        (["--rate", "0"], "online.learning_rate: expected above 0, got 0.0"),
        (["--first", "1800-01"], "--first: expected a period from 2004-01 to 2016-06"),
    ):
        assert run(tmp_path, *words) == 2
        assert answer in capsys.readouterr().err
