"""Drift of what is stored: exit code 3 for what drifted, one line for what is not there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.monitoring.outcome_store import COLUMNS, OutcomeStore
from service import cli

MONTHS = 120


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    return tmp_path


def month(at: int) -> str:
    return f"{2010 + at // 12}-{at % 12 + 1:02d}"


def keep(
    version: str = "v1",
    newest: float = 1.0,
    width: float = 1.645,
    predictor: str = "fund-sharpe",
    seen: bool | None = False,
) -> None:
    """Ten years of outcomes of twenty funds; errors of the newest year `newest` times as large."""
    draw = np.random.default_rng(2)
    at = np.repeat(np.arange(MONTHS), 20)
    error = draw.normal(size=len(at)) * np.where(at >= MONTHS - 12, newest, 1.0)
    table = pl.DataFrame(
        {
            "predictor": predictor,
            "version": version,
            "series": [f"f{i % 20}" for i in range(len(at))],
            "origin": [month(m) for m in at],
            "target": "forward",
            "horizon": 1,
            "period": [month(m + 1) for m in at],
            "point": error,
            "lower_90": error - width,
            "upper_90": error + width,
            "outcome": 0.0,
            "error": error,
            "inside": np.abs(error) < width,
            "in_sample": seen,
        },
        schema_overrides={"in_sample": pl.Boolean},
    )
    store = OutcomeStore()
    store.add(table.select(COLUMNS))
    store.close()


def run(*words: str) -> int:
    return cli.run(["drift", *words])


def test_outcomes_of_every_version_are_judged_on_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep("v1")
    assert run("outcomes", "fund-sharpe") == 0
    said = capsys.readouterr().out
    assert said.startswith("outcomes of fund-sharpe:v1: 2019-02 to 2020-01 shows no drift")
    keep("v2", newest=2.5)
    assert run("outcomes", "fund-sharpe") == 3
    said = capsys.readouterr().out
    assert "fund-sharpe:v1: 2019-02 to 2020-01 shows no drift" in said
    assert "fund-sharpe:v2: 2019-02 to 2020-01 has drifted" in said
    assert "Size of errors is 2.4" in said
    assert run("outcomes", "fund-sharpe", "--version", "v1") == 0
    assert "v2" not in capsys.readouterr().out


def test_intervals_that_never_held_are_told_in_words_and_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep(width=1.06)
    keep("v2")
    assert run("outcomes", "fund-sharpe", "--version", "v1") == 3
    assert "90 % interval holds 71 % of outcomes, 90 % expected" in capsys.readouterr().out
    assert run("outcomes", "fund-sharpe", "--json") == 3
    found = json.loads(capsys.readouterr().out)
    assert found["drifted"] is True
    (reason,) = found["reasons"]
    assert reason.startswith("outcomes of fund-sharpe:v1: 90 % interval holds 71 %")
    assert {one["kind"]: one["drifted"] for one in found["reports"]} == {
        "outcomes of fund-sharpe:v1": True,
        "outcomes of fund-sharpe:v2": False,
    }


def test_one_version_is_drawn_and_several_are_not(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep("v1", predictor="thermosphere-density")
    picture = home / "outcomes.png"
    assert run("outcomes", "thermosphere-density", "--figure", str(picture)) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    keep("v2", predictor="thermosphere-density")
    capsys.readouterr()
    assert run("outcomes", "thermosphere-density", "--figure", str(picture)) == 2
    assert "--figure: expected one version to draw, got 2" in capsys.readouterr().err


def test_what_has_no_unseen_outcomes_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outcomes", "fund-sharpe") == 2
    assert "no outcomes of fund-sharpe that" in capsys.readouterr().err
    keep("v0", seen=None)
    keep("v1", seen=True)
    assert run("outcomes", "fund-sharpe", "--version", "v0") == 2
    assert "no outcomes of fund-sharpe of v0 that" in capsys.readouterr().err
    assert run("outcomes", "weather") == 2
    assert "nothing called 'weather' to look for drift in outcomes of" in capsys.readouterr().err
    assert run("outcomes", "fund-sharpe", "--version", "champion") == 2
    assert "no model 'fund-sharpe'" in capsys.readouterr().err


def funds(folder: Path, wider: float = 1.0) -> Path:
    """Ten years of forecasts of twenty funds, whose intervals widen in the newest year."""
    draw = np.random.default_rng(0)
    at = np.repeat(np.arange(MONTHS), 20)
    mean = draw.normal(size=len(at))
    half = np.where(at >= MONTHS - 12, wider, 1.0) * draw.uniform(0.9, 1.1, len(at))
    table = pl.DataFrame(
        {
            "origin": [month(m) for m in at],
            "mean": mean,
            "lower_90": mean - half,
            "upper_90": mean + half,
            "version": np.where(at % 2 == 0, "v1", "v2"),
        }
    )
    file = folder / "forecasts.parquet"
    table.write_parquet(file)
    return file


def test_forecasts_that_widen_are_drift(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("forecasts", "fund-sharpe", "--forecasts", str(funds(home))) == 0
    assert "forecasts: 2019-01 to 2019-12 shows no drift" in capsys.readouterr().out
    wide = str(funds(home, wider=1.5))
    assert run("forecasts", "fund-sharpe", "--forecasts", wide) == 3
    assert "Width of intervals is 1.5 times the usual" in capsys.readouterr().out
    assert run("forecasts", "fund-sharpe", "--forecasts", wide, "--version", "v9") == 2
    assert "no forecasts of 'v9'" in capsys.readouterr().err


def test_one_version_of_forecasts_is_judged_where_versions_are_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = funds(home)
    words = ("forecasts", "fund-sharpe", "--forecasts", str(file), "--version", "v1")
    assert run(*words, "--recent", "6") == 0
    pl.read_parquet(file).drop("version", "lower_90", "upper_90").write_parquet(file)
    assert run(*words) == 2
    assert "does not tell versions" in capsys.readouterr().err
    # Without intervals their width cannot be looked at, and the rest can.
    assert run(*words[:-2]) == 0
    assert "2 tests could not be made" in capsys.readouterr().out


def test_densities_are_judged_by_their_logarithm(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = np.random.default_rng(0)
    at = np.repeat(np.arange(MONTHS), 20)
    log = draw.normal(-26.0, 0.3, len(at)) + np.where(at >= MONTHS - 12, 1.0, 0.0)
    table = pl.DataFrame(
        {
            "origin": [datetime(2010 + m // 12, m % 12 + 1, 1, tzinfo=UTC) for m in at],
            "mean": np.exp(log + 0.02),
            "q_0.05": np.exp(log - 0.3),
            "q_0.5": np.exp(log),
            "q_0.95": np.exp(log + 0.3),
        }
    )
    folder = home / "nights"
    folder.mkdir()
    table.write_parquet(folder / "part-000000.parquet")
    assert run("forecasts", "thermosphere-density", "--forecasts", str(folder)) == 3
    said = capsys.readouterr().out
    assert "Mean forecast is -25, usually -26" in said
    assert "idth of intervals" not in said
