"""`halyard data signatures`: what it writes, says and refuses."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from service import cli
from service.commands import data

RETURNS = [0.01, 0.03, -0.02, 0.04]


@pytest.fixture(autouse=True)
def the_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verb under test, whatever the table of verbs holds."""
    monkeypatch.setattr(cli, "VERBS", {"data": data.app})


def run(folder: Path, *options: str, output: str = "features.parquet") -> int:
    rows = [f"A,2013-0{month},{value}\n" for month, value in enumerate(RETURNS, start=1)]
    (folder / "returns.csv").write_text("fund,month,ret\n" + "".join(rows) + "B,2013-01,0.1\n")
    common = ["--data", str(folder / "returns.csv"), "--output", str(folder / output)]
    return cli.run(["data", "signatures", *common, "--series", "fund", "--value", "ret", *options])


def test_the_sharpe_ratio_of_each_window_can_be_had_from_its_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [
        "--time",
        "month",
        "--rows",
        "3",
        "--steps",
        "--lead-lag",
        "--no-clock",
        "--depth",
        "2",
    ]
    assert run(tmp_path, *options) == 0
    told = capsys.readouterr().out
    assert told == (
        f"{tmp_path / 'features.parquet'}: 2 rows of 6 features; 3 rows left out, their window is "
        "not full\n"
    )
    found = pl.read_parquet(tmp_path / "features.parquet")
    mean = pl.col("sig.lead_ret") / 3
    squares = pl.col("sig.lead_ret.lag_ret") - pl.col("sig.lag_ret.lead_ret")
    sharpe = found.select(mean / ((squares - 3 * mean**2) / 2).sqrt()).to_series()
    expected = [pl.Series(RETURNS[start : start + 3]) for start in (0, 1)]
    assert sharpe.to_list() == [pytest.approx(s.mean() / s.std()) for s in expected]
    assert found["fund"].to_list() == ["A", "A"]


def test_spans_scales_and_csv_are_understood(tmp_path: Path) -> None:
    options = "--time month --span 59d --scale ret=0.01 --depth 1 --no-clock --no-base-point"
    assert run(tmp_path, *options.split(), output="features.csv") == 0
    found = pl.read_csv(tmp_path / "features.csv")
    assert found["sig.ret"].to_list() == [pytest.approx(-5.0), pytest.approx(6.0)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--rows 3 --scale ret=x", "--scale: expected NAME=UNIT such as ret=0.05, got 'ret=x'"),
        ("--rows 3 --scale ret", "--scale: expected NAME=UNIT such as ret=0.05, got 'ret'"),
        ("--rows 3 --span 2d", "expected either a number of rows or a span of time"),
        ("--rows 0", "rows: expected 2 or more, got 0"),
        ("--span soon", "--span: expected 90d, 12h, 30min, 2w or a number, got 'soon'"),
        ("--rows 3 --value nav", "no column 'nav'; there are 'fund', 'month', 'ret'"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str, message: str
) -> None:
    assert run(tmp_path, *options.split()) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not (tmp_path / "features.parquet").exists()


def test_the_output_must_be_another_file_of_a_known_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--rows", "3", output="features.txt") == 2
    assert "--output: expected a name that ends in .csv or .parquet" in capsys.readouterr().err
    assert run(tmp_path, "--rows", "3", output="returns.csv") == 2
    assert "is the file itself; give another name" in capsys.readouterr().err
