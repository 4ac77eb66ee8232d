"""A night of points, stopped and taken up again, ends with the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

from models.emulators.driver_weather import SpaceWeather
from pipelines.batch.density_opening import open_point_files
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.run import Summary, run_batch
from pipelines.batch.sinks import ParquetFolder
from pipelines.batch.thermosphere_density import DensityJob
from pipelines.datasets.space_weather.table import updated_path, write_table
from service.cli import run as halyard
from tests.pipelines.batch.density_inputs import job, points, written
from tests.pipelines.batch.test_run import content
from tests.pipelines.batch.toy import MOMENT
from tests.service import density_models


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))


def forecast(
    asked: DensityJob, folder: Path, out: str, *, workers: int = 1, **more: object
) -> Summary:
    """A run over the points of a folder, 25 to a shard."""
    source = open_point_files(str(folder), None, 25)
    sink = ParquetFolder(folder.parent / out)
    given = {"workers": workers, "created_at": MOMENT, **more}
    return run_batch(asked, source, sink, LocalEngine(), **given)  # type: ignore[arg-type]


def later_weather() -> SpaceWeather:
    """The table as an update leaves it: another day of another sun."""
    table = density_models.weather()
    table.f107[-1] += 50.0
    return table


def stop_after(shards: int) -> object:
    """Ends a run as a crash would."""
    rows = 25 * shards

    def tell(done: int, _total: int) -> None:
        if done >= rows:
            raise KeyboardInterrupt

    return tell


def test_a_stopped_run_ends_with_the_same_bytes_though_the_space_weather_was_updated(
    tmp_path: Path,
) -> None:
    written(tmp_path / "in", points(120, "2003-11-29T00:00:00", minutes=40))
    asked = job(samples=2)
    forecast(asked, tmp_path / "in", "whole")
    with pytest.raises(KeyboardInterrupt):
        forecast(asked, tmp_path / "in", "out", progress=stop_after(2))
    write_table(updated_path(), later_weather())
    again = asked.as_begun(tmp_path / "out")
    assert again.weather != asked.weather
    summary = forecast(again, tmp_path / "in", "out", resume=True)
    assert (summary.shards, summary.before, summary.rows) == (5, 2, 120)
    assert content(tmp_path / "out") == content(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_give_the_bytes_of_one(tmp_path: Path) -> None:
    written(tmp_path / "in", points(120, "2003-11-29T00:00:00", minutes=40))
    asked = job(samples=2)
    forecast(asked, tmp_path / "in", "one")
    forecast(asked, tmp_path / "in", "two", workers=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def command(*words: object) -> int:
    start = ("forecast", "thermosphere-density", "--workers", "1")
    return halyard([*start, *map(str, words)])


def stored() -> None:
    """A champion, and the small table of space weather."""
    from pipelines import registry

    registry.promote(job().model)


def test_the_command_writes_a_folder_that_duckdb_reads_and_rejects_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored()
    broken = points(30).with_columns(
        pl.when(pl.col("id") == 103).then(95.0).otherwise("latitude").alias("latitude"),
        pl.lit("kept out").alias("remark"),
    )
    file = written(tmp_path / "in", broken)
    out = tmp_path / "out"
    assert command("--input", file, "--output", out, "--levels", "0.1,0.9") == 3
    said = capsys.readouterr()
    assert "29 forecasts in 1 pieces" in said.out
    assert "1 x latitude: expected -90 to 90 degrees" in said.out
    rows = duckdb.sql(
        f'select count(*), min(mean) > 0, min("q_0.9" - "q_0.1") > 0, min(drivers), '
        f"min(model), count(distinct version) from '{out}/*.parquet'"
    ).fetchall()
    assert rows == [(29, True, True, "observed", "thermosphere-density", 1)]
    rejects = pl.read_parquet(out / "rejects/*.parquet")
    assert rejects["where"].to_list() == [f"{file}, row 4"]
    manifest = json.loads((out / "_manifest.json").read_text("utf-8"))
    assert manifest["plan"]["job"]["levels"] == [0.1, 0.9]


def test_csv_in_and_csv_out_keep_the_order(tmp_path: Path) -> None:
    stored()
    table = points(30)
    table.write_csv(tmp_path / "points.csv")
    out = tmp_path / "densities.csv"
    assert command("--input", tmp_path / "points.csv", "--output", out) == 0
    made = pl.read_csv(out)
    assert made["id"].to_list() == table["id"].to_list()
    assert made["drivers"].unique().to_list() == ["observed"]


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored()
    file = written(tmp_path / "in", points(30))
    assert command("--input", file, "--output", tmp_path / "out", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "30 rows in 1 pieces" in said
    assert "thermosphere-density:" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--levels", "low"), "--levels: expected probabilities such as 0.05,0.5,0.95, got 'low'"),
        (("--query", "select 1"), "--query: goes with an --input of postgresql://"),
        (("--correction", "satellite"), "no champion of density-correction is stored"),
        (("--drivers", "none.csv"), "none.csv: cannot be read"),
    ],
)
def test_bad_options_end_with_one_line(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored()
    file = written(tmp_path / "in", points(3))
    assert command("--input", file, "--output", tmp_path / "out", *words) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]


def test_the_input_is_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored()
    file = written(tmp_path / "in", points(3))
    assert command("--input", file, "--output", file) == 2
    assert "is the input itself" in capsys.readouterr().err
    assert pl.read_parquet(file).height == 3


def test_files_without_the_columns_of_points_are_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored()
    file = written(tmp_path / "in", points(3).rename({"height": "altitude"}))
    assert command("--input", file, "--output", tmp_path / "out") == 2
    assert "there is no 'height' among id, epoch, latitude" in capsys.readouterr().err
