"""A file of funds goes in, a table of forecasts comes out, and no fund is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
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
    words = ["fund-sharpe", "--input", str(data), "--output", str(out), "--workers", "1"]
    assert cli.run(["forecast", *words]) == 3
    table = pl.read_csv(out) if ending == "csv" else pl.read_parquet(out)
    assert table.height == 11 * 4
    assert table["model"].unique().to_list() == ["fund-sharpe"]
    assert table["version"].unique().to_list() == [registry.champion_version()]
    assert table["market"].unique().to_list() == ["file"]
    rejects = pl.read_csv(tmp_path / "next.rejects.csv")
    assert rejects.select("id", "reason").rows() == [
        ("F01", "expected at least 24 months with a return, got 20")
    ]
    shown = capsys.readouterr().out
    assert "44 forecasts in 1 pieces" in shown
    assert "1 x expected at least 24 months with a return\n" in shown


@pytest.mark.usefixtures("home")
def test_a_folder_says_when_it_was_made_and_is_read_by_duckdb(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["fund-sharpe", "--input", str(data), "--output", str(out), "--workers", "1"]
    words += ["--min-months", "24"]
    assert cli.run(["forecast", *words, "--created-at", "2024-01-31T06:00:00"]) == 0
    query = f"SELECT count(*), count(DISTINCT id), min(created_at) FROM '{out}/*.parquet'"
    count, funds, moment = duckdb.sql(query).fetchall()[0]
    assert (count, funds) == (44, 11)
    assert moment.astimezone(UTC) == datetime(2024, 1, 31, 6, tzinfo=UTC)


@pytest.mark.usefixtures("home")
def test_the_former_option_of_the_data_still_works_and_horizons_can_be_chosen(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "next.csv"
    words = ["fund-sharpe", "--data", str(data), "--output", str(out), "--horizons", "12"]
    words += ["--workers", "1"]
    assert cli.run(["forecast", *words, "--min-months", "24"]) == 0
    assert pl.read_csv(out)["horizon"].unique().to_list() == [12]


@pytest.mark.usefixtures("home")
def test_a_broken_row_is_a_reject_and_the_rest_goes_on(data: Path, tmp_path: Path) -> None:
    lines = data.read_text().splitlines()
    lines[5] = lines[5].rpartition(",")[0] + ",nonsense"
    data.write_text("\n".join(lines))
    out = tmp_path / "next.parquet"
    words = ["fund-sharpe", "--input", str(data), "--output", str(out), "--workers", "1"]
    words += ["--min-months", "24"]
    assert cli.run(["forecast", *words]) == 3
    assert pl.read_parquet(out)["id"].n_unique() == 11
    (row,) = pl.read_csv(tmp_path / "next.rejects.csv").rows()
    assert row == (
        f"{data}, row 6",
        "F00",
        "column 'return': expected a number such as 0.0123, got the text 'nonsense'",
    )


@pytest.mark.usefixtures("home")
def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fund-sharpe", "--input", str(data), "--output", str(tmp_path / "out"), "--dry-run"]
    assert cli.run(["forecast", *words]) == 0
    shown = capsys.readouterr().out
    assert "input    1670 rows in 1 pieces" in shown
    assert "progress nothing done yet" in shown
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("home")
def test_wrong_words_are_told_before_anything_is_read(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--output", str(tmp_path / "next.csv")]
    given = ["fund-sharpe", "--input", str(data)]
    assert "alpha" in refused(["alpha", *out], capsys)
    assert "--output: missing" in refused(["fund-sharpe"], capsys)
    assert ".parquet or .csv" in refused([*given, "--output", "next.xls"], capsys)
    assert "is the input itself" in refused([*given, "--output", str(data)], capsys)
    assert "expected some of 6,12, as the model has, got '7'" in refused(
        [*given, *out, "--horizons", "6,7"], capsys
    )
    assert "v9" in refused([*given, *out, "--model", "fund-sharpe:v9"], capsys)
    assert "--engine: expected local or ray" in refused([*given, *out, "--engine", "dask"], capsys)
    assert "--ray-address: goes with" in refused([*given, *out, "--ray-address", "x:1"], capsys)
    assert "give one of them" in refused([*given, *out, "--resume", "--overwrite"], capsys)
    assert "--table: goes with" in refused([*given, *out, "--table", "t"], capsys)
    assert "--query: goes with" in refused([*given, *out, "--query", "SELECT 1"], capsys)
    assert "expected KEY=VALUE, got 'x'" in refused([*given, *out, "--storage-option", "x"], capsys)
    assert "--memory-mb: expected at least" in refused([*given, *out, "--memory-mb", "9"], capsys)
