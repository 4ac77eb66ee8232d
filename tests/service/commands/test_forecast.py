"""A file of funds goes in, a table of forecasts comes out, and no fund is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.fund_sharpe import to_state
from pipelines import registry
from service import cli
from tests.pipelines.fund_sharpe.tiny import fitted, panel


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with one model, which has seen 120 of the 150 months."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(folder))
        stored = registry.save_model(
            registry.FUND_SHARPE,
            to_state(fitted(panel(), 120)),
            {},
            metrics={},
            config={},
            data={},
            seed=0,
        )
        registry.promote(stored)
        yield folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The panel as a long file; fund F01 has 20 months only."""
    returns = panel().returns.copy()
    returns[1, :130] = np.nan
    table = pl.DataFrame(
        {
            "fund": np.repeat(panel().ids, 150),
            "month": list(panel().periods) * 12,
            "return": returns.ravel(),
        }
    ).filter(pl.col("return").is_not_nan())
    file = tmp_path / "returns.csv"
    table.write_csv(file)
    return file


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["forecast", *words]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_forecasts_and_rejects_are_two_tables(
    ending: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"next.{ending}"
    assert cli.run(["forecast", "fund-sharpe", "--data", str(data), "--out", str(out)]) == 0
    table = pl.read_csv(out) if ending == "csv" else pl.read_parquet(out)
    assert table.height == 11 * 4
    assert table["model"].unique().to_list() == ["fund-sharpe"]
    assert table["version"].unique().to_list() == [registry.champion_version()]
    assert table["market"].unique().to_list() == ["file"]
    rejects = pl.read_csv(tmp_path / "next.rejects.csv")
    assert rejects.rows() == [
        ("F01", "2016-06", 20, "expected at least 24 months with a return, got 20")
    ]
    shown = capsys.readouterr().out
    assert "11 funds by fund-sharpe:" in shown
    assert "computed from the file" in shown
    assert "1 x expected at least 24 months with a return\n" in shown


@pytest.mark.usefixtures("home")
def test_horizons_can_be_chosen(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "next.csv"
    words = ["fund-sharpe", "--data", str(data), "--out", str(out), "--horizons", "12"]
    assert cli.run(["forecast", *words]) == 0
    assert pl.read_csv(out)["horizon"].unique().to_list() == [12]


@pytest.mark.usefixtures("home")
def test_an_old_list_of_rejects_does_not_stay(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, rejects = tmp_path / "next.csv", tmp_path / "next.rejects.csv"
    rejects.write_text("of an earlier run")
    words = ["fund-sharpe", "--data", str(data), "--out", str(out), "--min-months", "24"]
    assert cli.run(["forecast", *words]) == 0
    assert not rejects.exists()
    assert "11 funds" in capsys.readouterr().out


@pytest.mark.usefixtures("home")
def test_wrong_words_are_told_before_anything_is_read(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "next.csv")
    assert "there is: fund-sharpe" in refused(["alpha", "--out", out], capsys)
    assert "--out" in refused(["fund-sharpe"], capsys)
    assert ".csv or .parquet" in refused(["fund-sharpe", "--out", "next.xls"], capsys)
    same = ["fund-sharpe", "--data", str(data), "--out", str(data)]
    assert "is the data itself" in refused(same, capsys)
    assert "expected some of 6,12, as the model has, got '7'" in refused(
        ["fund-sharpe", "--out", out, "--horizons", "6,7"], capsys
    )
    assert "no version 'v9'" in refused(["fund-sharpe", "--out", out, "--model", "v9"], capsys)
