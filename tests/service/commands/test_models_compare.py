"""Two versions are shown side by side, and one goes to another machine as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import registry
from service import cli
from tests.service.commands.stored import store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "here"))
    return tmp_path


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["models", *words]) == 0
    return capsys.readouterr().out


def test_settings_are_compared_where_they_differ_and_scores_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = store(), store(periods_per_year=4)
    about = json.loads(said(["compare", first.tag, second.tag, "--json"], capsys))
    assert (about["first"], about["second"]) == (first.tag, second.tag)
    assert about["settings"] == {"periods_per_year": [12, 4]}
    assert about["metrics"]["holdout_rmse.rolling_6"] == [0.5, 0.5]
    assert about["data"]["first"] == ["2001-01", "2001-01"]
    assert about["lineage"]["seed"] == [7, 7]
    # The same packages are no news.
    assert not [key for key in about["lineage"] if key.startswith("packages.")]


def test_one_version_alone_is_compared_with_its_champion(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = store()
    registry.promote(first)
    second = store()
    lines = said(["compare", second.tag], capsys).splitlines()
    assert lines[0] == f"{second.tag} beside {first.tag}"
    cells = [line.split() for line in lines]
    assert ["holdout_rmse.rolling_6", "0.5", "0.5", "+0.00%"] in cells
    assert ["parent", first.tag, "-"] in cells
    assert "settings: no difference" in lines


def test_a_version_goes_to_another_home_and_is_the_same_there(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, file = store(), home / "model.bentomodel"
    assert f"Wrote {model.tag} to {file}" in said(["export", "latest", "--out", str(file)], capsys)
    monkeypatch.setenv("HALYARD_HOME", str(home / "there"))
    assert f"halyard models promote {model.tag}" in said(["import", str(file)], capsys)
    told = json.loads(said(["import", str(file), "--json"], capsys))
    assert told["tag"] == model.tag
    assert registry.get_model("fund-sharpe", "latest").metadata == model.metadata


def test_an_export_is_named_after_its_version(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    model = store()
    told = json.loads(said(["export", "latest", "--json"], capsys))
    assert told == {"tag": model.tag, "file": f"fund-sharpe-{model.version}.bentomodel"}
    assert (home / told["file"]).is_file()


def test_a_file_that_is_no_model_is_refused_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "x.bentomodel").write_bytes(b"no archive")
    assert cli.run(["models", "import", str(home / "x.bentomodel")]) == 2
    assert "expected a file made by `halyard models export`" in capsys.readouterr().err
