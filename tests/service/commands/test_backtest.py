"""`halyard backtest` from a file to a report; bad words are one line and exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from service import cli
from service.commands import backtest
from tests.pipelines.fund_sharpe.tiny import panel

#: A model that is fitted in an instant, judged at four origins without slow models.
FAST = [
    *("members=1", "network.hidden_size=4", "training.epochs=1"),
    *("backtest.statistical=[]", "backtest.baselines=[last_value, pooled_ar]"),
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    return tmp_path


def returns_file(folder: Path, funds: int = 12, months: int = 150) -> Path:
    """A long CSV of the tiny panel."""
    data = panel(funds, months)
    file = folder / "returns.csv"
    columns = {
        "fund": np.repeat(data.ids, months),
        "month": np.tile(data.periods, funds),
        "ret": data.returns.ravel(),
    }
    pl.DataFrame(columns).write_csv(file)
    return file


def judge(file: Path, out: Path, *more: str) -> int:
    words = ["backtest", "fund-sharpe", "--data", str(file), "--out", str(out)]
    return cli.run([*words, "--horizons", "6,12", "--workers", "1", *more])


def test_a_file_becomes_metrics_forecasts_and_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = returns_file(tmp_path), tmp_path / "report"
    assert judge(file, out, "--origins", "8", *FAST) == 0
    shown = capsys.readouterr()
    assert {"metrics.json", "forecasts.parquet", "report.html"} <= {f.name for f in out.iterdir()}
    assert "12 funds, 8 origins from" in shown.err
    assert "8/8" in shown.err
    assert str(out / "report.html") in shown.out
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert metrics["config"]["model"]["horizons"] == [6, 12]
    assert {row["model"] for row in metrics["rows"]} >= {"ensemble", "lstm", "gru", "pooled_ar"}

    # The same command again fits nothing: it only judges what is there.
    origins = {f: f.stat().st_mtime_ns for f in (out / "origins").iterdir() if f.suffix != ".json"}
    assert judge(file, out, "--origins", "8", *FAST) == 0
    assert {f: f.stat().st_mtime_ns for f in origins} == origins

    # Other settings do not go on in that folder.
    capsys.readouterr()
    assert judge(file, out, "--origins", "8", *FAST, "--seed", "1") == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert "holds a back-test of other data or settings" in line


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What the command would run, without running it."""
    seen: list[tuple[object, ...]] = []
    monkeypatch.setattr(backtest, "_run", lambda *given: seen.append(given))
    return seen


def test_options_and_overrides_reach_model_and_judging(plans: list[tuple[object, ...]]) -> None:
    words = ["--window", "24", "--horizons", "6,30", "--origins", "9", "--workers", "1"]
    words += ["--seed", "5", "--quick", "members=2", "backtest.step=6"]
    assert cli.run(["backtest", "fund-sharpe", *words]) == 0
    ((loaded, config, settings, out, quick, _),) = plans  # type: ignore[misc]
    assert (config.window, config.horizons, config.members, config.seed) == (24, (6, 30), 2, 5)  # type: ignore[attr-defined]
    assert (settings.origins, settings.workers, settings.step, settings.seed) == (9, 1, 6, 5)  # type: ignore[attr-defined]
    assert quick is True
    assert str(out).endswith("home/backtests/fund-sharpe")
    assert len(loaded.panel.ids) == 30  # type: ignore[attr-defined]


def test_funds_younger_than_five_years_are_left_out(
    tmp_path: Path, plans: list[tuple[object, ...]]
) -> None:
    file = returns_file(tmp_path)
    rows = pl.read_csv(file)
    young = (pl.col("fund") == "F03") & (pl.col("month") < "2011-08")
    rows.filter(~young).write_csv(file)
    assert judge(file, tmp_path / "out") == 0
    assert "F03" not in plans[0][0].panel.ids  # type: ignore[attr-defined]
    assert judge(file, tmp_path / "out", "--min-months", "59") == 0
    assert "F03" in plans[1][0].panel.ids  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["alpha"],
            "nothing called 'alpha' to back-test; there is: fund-sharpe, thermosphere-density",
        ),
        ([], "expected what to back-test; there is: fund-sharpe, thermosphere-density"),
        (["fund-sharpe", "--horizons", "6;12"], "--horizons: expected whole numbers with commas"),
        (["fund-sharpe", "--horizons", "2"], "horizon 2: a forward Sharpe ratio needs at least 3"),
        (["fund-sharpe", "--horizons", "6,6"], "horizons: expected different values, got [6, 6]"),
        (["fund-sharpe", "--window", "2"], "window: expected 3 or more, got 2"),
        (["fund-sharpe", "--origins", "0"], "origins: expected greater than or equal to 1, got 0"),
        (["fund-sharpe", "backtest.stepp=1"], "did you mean 'step'?"),
        (["fund-sharpe", "member=2"], "did you mean 'members'?"),
        (["fund-sharpe", "--data", "none.csv"], "none.csv"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["backtest", *words]) == 2
    line = capsys.readouterr().err
    assert expected in line
    assert line.count("\n") == 1


def test_too_short_a_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(returns_file(tmp_path, months=80), tmp_path / "out") == 2
    line = capsys.readouterr().err
    assert "no forecast origin: 12 funds over 80 periods" in line
    assert line.count("\n") == 1


def test_quick_draws_funds_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "quick"
    more = ["--quick", "--origins", "6", "backtest.max_funds=11", *FAST]
    assert judge(returns_file(tmp_path), out, *more) == 0
    assert "11 funds, 6 origins from" in capsys.readouterr().err
    assert "Quick run: 11 funds" in (out / "report.html").read_text("utf-8")


def test_what_was_left_out_repaired_and_found_is_told() -> None:
    class Loaded:
        actions = ("a", "b")
        findings = ("fund F01: three jumps", "another")

    left_out, *rest = backtest._remarks(Loaded(), 60)  # type: ignore[arg-type]
    assert left_out.startswith("Funds with fewer than 60 months in the whole file were left out.")
    assert tuple(rest) == backtest._remarks(Loaded(), 0)  # type: ignore[arg-type]
    assert rest == [
        "2 repairs were made to the data (--clean).",
        "2 warnings about the data; the first: fund F01: three jumps.",
    ]
