"""`halyard data space-weather` and `halyard data update space-weather`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.datasets.space_weather.table import updated_path
from service import cli
from service.commands import data
from tests.pipelines.datasets.space_weather import texts
from tests.pipelines.datasets.space_weather.serving import Answer, serve


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The verb under test, and a home of its own."""
    monkeypatch.setattr(cli, "VERBS", {"data": data.app})
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))


def test_the_embedded_table_tells_its_span_age_and_flares(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["data", "space-weather", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["first_day"], told["last_f107"]) == ("1995-01-01", "2025-07-20")
    assert told["last_kp_until"] == "2025-07-21T00:00"
    assert (told["newest_f107"], told["newest_kp"]) == (150.3, 1.33)
    assert told["age_days"] > 0
    assert "2003-11-04" in told["flares_replaced"]
    assert "GFZ Potsdam, CC BY 4.0" in told["attribution"]


def test_an_update_from_a_file_is_what_is_used_from_then_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sw.csv"
    file.write_text(texts.celestrak(35))
    assert cli.run(["data", "update", "space-weather", "--source", str(file)]) == 0
    said = capsys.readouterr().out
    assert "updated          True" in said
    assert f"source={file} sha256=" in said
    assert cli.run(["data", "space-weather"]) == 0
    said = capsys.readouterr().out
    assert f"file             {updated_path()}" in said
    assert "last f107        2025-08-04" in said


def test_offline_the_verb_says_so_and_how_old_the_table_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve(Answer(404)) as url:
        assert cli.run(["data", "update", "space-weather", "--source", url]) == 0
    said = capsys.readouterr()
    assert said.err.startswith(f"warning: {url}: answered 404")
    assert "updated          False" in said.out
    assert "age days" in said.out
    assert not updated_path().exists()


def test_a_damaged_file_ends_with_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sw.csv"
    file.write_text("<html>busy</html>")
    assert cli.run(["data", "update", "space-weather", "--source", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "not a file of space weather" in said


def test_the_table_can_be_kept_elsewhere(tmp_path: Path) -> None:
    file, out = tmp_path / "sw.csv", tmp_path / "kept.parquet"
    file.write_text(texts.gfz(35))
    words = ["data", "update", "space-weather", "--source", str(file), "--out", str(out), "--json"]
    assert cli.run(words) == 0
    assert out.is_file()
    assert cli.run(["data", "space-weather", str(out)]) == 0
    assert not updated_path().exists()
