"""`halyard study sensitivity` on models of the registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import cli
from tests.service.commands.test_study_changes import store_emulator, store_funds
from tests.service.commands.test_study_prequential import returns


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))


def test_a_fund_is_told_drawn_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store_funds()
    data, out = str(returns(tmp_path)), tmp_path / "out"
    words = ["study", "sensitivity", "fund-sharpe", "--data", data, "--out", str(out)]
    assert cli.run([*words, "--lead", "rolling_12"]) == 0
    told = capsys.readouterr().out
    assert "The fund's own returns:" in told
    assert "What moves rolling_12 most" in told
    assert "numbers:" in told
    assert {file.name for file in out.iterdir()} == {
        "sensitivity.html",
        "sensitivity.json",
        "own_returns.png",
        "network_inputs.png",
    }
    for more, answer in (
        (["--lead", "rolling_7"], "--lead: expected one of rolling_6"),
        (["--fund", "nobody"], "--fund: no fund called 'nobody'"),
        (["--size", "0"], "size of a push: expected above 0"),
    ):
        assert cli.run([*words, *more]) == 2
        said = capsys.readouterr().err
        assert answer in said
        assert said.count("\n") == 1


def test_an_epoch_is_told_drawn_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_emulator()
    out = tmp_path / "out"
    words = ["study", "sensitivity", "thermosphere-density", "--out", str(out)]
    place = ["--height", "300", "--hours", "6", "--hours", "12", "--lead", "12"]
    assert cli.run([*words, "--start", "2003-10-29T06", *place]) == 0
    assert "What moves 2003-10-29T18 most" in capsys.readouterr().out
    kept = json.loads((out / "sensitivity.json").read_text("utf-8"))
    assert kept["sections"][0]["leads"] == ["2003-10-29T12", "2003-10-29T18"]
    assert kept["case"]["place"] == "0° N, 0° E, 300 km"
    assert (out / "drivers.png").is_file()
    assert cli.run([*words, "--start", "2003-10-29T06", "--height", "900"]) == 2
    assert "height 900 km" in capsys.readouterr().err
