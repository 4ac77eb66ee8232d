"""The same funds, however they lie in files, give the same forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from models.fund_sharpe import from_state
from pipelines.batch import fund_opening
from pipelines.batch.contract import OutlinedSource, Source
from pipelines.batch.fund_columns import Rates
from pipelines.batch.fund_opening import Reading, open_funds
from pipelines.batch.fund_sharpe import FundSharpeJob
from pipelines.batch.local_engine import LocalEngine
from pipelines.batch.run import Summary, run_batch
from pipelines.batch.sinks import ParquetFolder
from pipelines.datasets.schema import ColumnChoice
from pipelines.fund_sharpe.forecasting import forecast_panel
from pipelines.months import month_index
from pipelines.registry import StoredModel, load_state
from tests.pipelines.batch.funds import COLUMNS, by_fund, long_rows, store_model, write_by_month
from tests.pipelines.batch.test_run import content
from tests.pipelines.batch.toy import MOMENT
from tests.pipelines.fund_sharpe.tiny import panel


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredModel]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(tmp_path_factory.mktemp("home")))
        yield store_model()


@pytest.fixture(scope="module")
def expected(model: StoredModel) -> dict[Any, Any]:
    """What the panel as a whole gives; every fifth fund ended a year before it."""
    data = panel(40)
    returns = data.returns.copy()
    returns[::5, -12:] = np.nan
    data = type(data)(data.ids, data.periods, returns, data.risk_free, 12)
    return dict(by_fund(forecast_panel(from_state(load_state(model)), data).forecasts))


def large(path: Path, monkeypatch: pytest.MonkeyPatch, rows: int = 1000, **more: Any) -> Source:
    """Open an input as if it were too large to be read whole."""
    monkeypatch.setattr(fund_opening, "SMALL_BYTES", 0)
    return open_funds(str(path), Reading(**more), {}, rows).source


def run(
    model: StoredModel, source: Source, out: Path, job: FundSharpeJob | None = None
) -> tuple[Summary, pl.DataFrame]:
    summary = run_batch(
        job or FundSharpeJob(model, COLUMNS),
        source,
        ParquetFolder(out),
        LocalEngine(),
        workers=1,
        created_at=MOMENT,
    )
    return summary, pl.read_parquet(out / "*.parquet")


def assert_close(made: pl.DataFrame, expected: dict[Any, Any]) -> None:
    found = by_fund(made)
    assert found.keys() == expected.keys()
    for key, (mean, upper, told) in expected.items():
        assert found[key][:2] == pytest.approx((mean, upper), abs=1e-6), key
        assert found[key][2] == told


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv"])
def test_rows_that_lie_together_are_forecast_as_the_panel(
    kind: str,
    model: StoredModel,
    expected: dict[Any, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, path = long_rows(), tmp_path / f"funds.{kind}"
    {"parquet": rows.write_parquet, "arrow": rows.write_ipc, "csv": rows.write_csv}[kind](path)
    summary, made = run(model, large(path, monkeypatch), tmp_path / "out")
    assert (summary.shards, summary.rejects) == (6, 0)
    assert_close(made, expected)
    assert made["id"].unique(maintain_order=True).to_list() == list(panel(40).ids)


def test_files_by_month_are_forecast_as_the_panel(
    model: StoredModel,
    expected: dict[Any, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_by_month(long_rows(), tmp_path / "in")
    monkeypatch.setattr("pipelines.batch.fund_buckets.CHUNK", 700)
    source = large(tmp_path / "in", monkeypatch)
    job = FundSharpeJob(model, open_columns(tmp_path / "in"))
    summary, made = run(model, source, tmp_path / "out", job)
    assert summary.shards > 3
    assert_close(made, expected)
    assert not (tmp_path / "out/_scratch").exists()


def open_columns(path: Path) -> Any:
    return open_funds(str(path), Reading(), {}, 1000).columns


def test_a_row_per_fund_is_forecast_as_long_rows(
    model: StoredModel,
    expected: dict[Any, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = long_rows().with_columns((pl.col("ret") - pl.col("rf_decimal")).alias("ret"))
    wide = rows.with_columns(pl.col("month").dt.strftime("%Y-%m")).pivot(
        "month", index="id", values="ret"
    )
    wide.write_parquet(tmp_path / "wide.parquet")
    monkeypatch.setattr(fund_opening, "SMALL_BYTES", 0)
    opened = open_funds(str(tmp_path / "wide.parquet"), Reading(), {}, 1000)
    job = FundSharpeJob(model, opened.columns)
    summary, made = run(model, opened.source, tmp_path / "out", job)
    assert summary.shards == 7
    # Excess returns know nothing of bills, which the market holds: a small difference.
    found = by_fund(made)
    assert found.keys() == expected.keys()
    for key, (mean, _, told) in expected.items():
        assert found[key][0] == pytest.approx(mean, abs=0.05)
        assert found[key][2] == told


def test_a_small_file_is_read_whole_and_gives_the_same(
    model: StoredModel, expected: dict[Any, Any], tmp_path: Path
) -> None:
    long_rows().write_csv(tmp_path / "funds.csv")
    opened = open_funds(str(tmp_path / "funds.csv"), Reading(), {}, 1200)
    job = FundSharpeJob(model, opened.columns)
    summary, made = run(model, opened.source, tmp_path / "out", job)
    assert summary.shards == 4
    assert_close(made, expected)


def test_broken_rows_of_a_large_input_are_rejects_and_the_rest_goes_on(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = long_rows()
    place = pl.int_range(rows.height)
    broken = rows.with_columns(
        pl.when(place == 3).then(None).otherwise("id").alias("id"),
        pl.when(place == 7).then(float("inf")).otherwise("ret").alias("ret"),
    )
    broken.write_parquet(tmp_path / "funds.parquet")
    summary, made = run(model, large(tmp_path / "funds.parquet", monkeypatch), tmp_path / "out")
    assert made["id"].n_unique() == 40
    rejects = pl.read_parquet(tmp_path / "out/rejects/*.parquet")
    file = tmp_path / "funds.parquet"
    assert rejects["where"].to_list() == [f"{file}, row 4", f"{file}, row 8"]
    assert summary.rejects == 2


def test_a_fund_without_a_forecast_is_a_reject(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = long_rows().filter((pl.col("id") != "F03") | (pl.col("month").dt.year() >= 2016))
    rows.write_parquet(tmp_path / "funds.parquet")
    _, made = run(model, large(tmp_path / "funds.parquet", monkeypatch), tmp_path / "out")
    assert "F03" not in made["id"]
    assert pl.read_parquet(tmp_path / "out/rejects/*.parquet").rows() == [
        ("", "F03", "expected at least 24 months with a return, got 6")
    ]


def test_duckdb_joins_forecasts_by_their_key(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_rows().write_parquet(tmp_path / "funds.parquet")
    run(model, large(tmp_path / "funds.parquet", monkeypatch), tmp_path / "out")
    keys = ", ".join(FundSharpeJob(model, COLUMNS).key)
    query = f"SELECT count(*), count(DISTINCT ({keys})) FROM '{tmp_path}/out/*.parquet'"
    assert duckdb.sql(query).fetchall() == [(160, 160)]


def test_rates_of_a_file_are_taken_off_month_by_month(
    model: StoredModel,
    expected: dict[Any, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = long_rows()
    rows.drop("rf_decimal").write_parquet(tmp_path / "funds.parquet")
    rates = rows.select("month", "rf_decimal").unique("month").sort("month")
    rates.write_csv(tmp_path / "bills.csv")
    monkeypatch.setattr(fund_opening, "SMALL_BYTES", 0)
    reading = Reading(risk_free=tmp_path / "bills.csv")
    opened = open_funds(str(tmp_path / "funds.parquet"), reading, {}, 1000)
    assert opened.rates == Rates(month_index("2004-01"), (0.001,) * 150)
    job = FundSharpeJob(model, opened.columns, rates=opened.rates)
    _, made = run(model, opened.source, tmp_path / "out", job)
    assert_close(made, expected)


def test_horizons_can_be_chosen(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_rows().write_parquet(tmp_path / "funds.parquet")
    job = FundSharpeJob(model, COLUMNS, horizons=(12,))
    _, made = run(model, large(tmp_path / "funds.parquet", monkeypatch), tmp_path / "out", job)
    assert made["horizon"].unique().to_list() == [12]


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(clean=True), "--clean works for one file of up to"),
        (Reading(min_months=3), "--min-months works for one file"),
        (Reading(frequency="weekly"), "--frequency works for one file"),
        (Reading(columns=ColumnChoice(layout="wide")), "--layout wide works for one file"),
        (Reading(columns=ColumnChoice(nav="ret")), "--nav-column works for one file"),
    ],
)
def test_what_only_small_files_allow_is_told_of_large_ones(
    reading: Reading, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_rows(2).write_parquet(tmp_path / "funds.parquet")
    monkeypatch.setattr(fund_opening, "SMALL_BYTES", 0)
    with pytest.raises(DataError, match=message):
        open_funds(str(tmp_path / "funds.parquet"), reading, {}, 1000)


def test_percent_and_other_shapes_of_large_inputs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = long_rows(2)
    rows.with_columns(pl.col("ret") * 100).write_parquet(tmp_path / "percent.parquet")
    with pytest.raises(DataError, match="these look like percent"):
        large(tmp_path / "percent.parquet", monkeypatch)
    rows.pivot("id", index="month", values="ret").write_parquet(tmp_path / "wide.parquet")
    with pytest.raises(DataError, match="this one has a column per fund"):
        large(tmp_path / "wide.parquet", monkeypatch)
    rows.rename({"rf_decimal": "rf_pct_pa"}).write_parquet(tmp_path / "yields.parquet")
    with pytest.raises(DataError, match="need decimal returns of bills"):
        large(tmp_path / "yields.parquet", monkeypatch)


def test_a_second_look_at_scattered_funds_takes_what_the_first_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_by_month(long_rows(), tmp_path / "in")
    monkeypatch.setattr("pipelines.batch.fund_buckets.CHUNK", 700)
    first = large(tmp_path / "in", monkeypatch).prepare(tmp_path / "scratch")  # type: ignore[attr-defined]
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "scratch").rglob("*.*")}
    # Another memory would mean other buckets; those that are there count.
    other = large(tmp_path / "in", monkeypatch, rows=3000)
    again = other.prepare(tmp_path / "scratch")  # type: ignore[attr-defined]
    assert again.shards() == first.shards()
    assert times == {path: path.stat().st_mtime_ns for path in times}


def test_the_embedded_portfolios_are_an_input_too(model: StoredModel, tmp_path: Path) -> None:
    opened = open_funds(None, Reading(), {}, 100_000)
    summary, made = run(
        model, opened.source, tmp_path / "out", FundSharpeJob(model, opened.columns)
    )
    assert (summary.rows, made["id"].n_unique()) == (120, 30)
    assert made["origin"].unique().to_list() == ["2017-03"]


def test_the_market_is_that_of_training_where_the_input_ends_with_it(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = long_rows().filter(pl.col("month").dt.year() < 2014)
    rows.write_parquet(tmp_path / "funds.parquet")
    _, made = run(model, large(tmp_path / "funds.parquet", monkeypatch), tmp_path / "out")
    assert made["market"].unique().to_list() == ["training"]


def test_of_many_funds_the_same_sample_tells_the_market_however_the_rows_lie(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.batch.fund_market.SAMPLE", 20)
    rows = long_rows()
    made = []
    for order in ("id", "month"):
        path = tmp_path / f"{order}.parquet"
        rows.sort(order, maintain_order=True).write_parquet(path)
        made.append(run(model, large(path, monkeypatch), tmp_path / order)[1])
    assert made[0]["market"].unique().to_list() == ["file"]
    assert_close(made[1], dict(by_fund(made[0])))


def test_of_long_histories_fewer_funds_tell_the_market(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_rows().write_parquet(tmp_path / "funds.parquet")
    source = large(tmp_path / "funds.parquet", monkeypatch)
    _, every = run(model, source, tmp_path / "every")
    monkeypatch.setattr("pipelines.batch.fund_market._CELLS", 15 * 150)
    _, fewer = run(model, source, tmp_path / "fewer")
    assert fewer["market"].unique().to_list() == ["file"]
    assert not np.allclose(fewer["mean"].to_numpy(), every["mean"].to_numpy(), atol=1e-6)


def test_two_workers_give_the_bytes_of_one(
    model: StoredModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_rows().write_parquet(tmp_path / "funds.parquet")
    source = large(tmp_path / "funds.parquet", monkeypatch)
    run(model, source, tmp_path / "one")
    job = FundSharpeJob(model, COLUMNS, apart=True)
    sink = ParquetFolder(tmp_path / "two")
    run_batch(job, source, sink, LocalEngine(), workers=2, created_at=MOMENT)
    assert content(tmp_path / "two") == content(tmp_path / "one")


@pytest.mark.parametrize("scattered", [False, True])
def test_an_outline_tells_rows_and_shards_without_sorting_anything(
    scattered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = long_rows().sort("month" if scattered else "id", maintain_order=True)
    rows.write_parquet(tmp_path / "funds.parquet")
    source = large(tmp_path / "funds.parquet", monkeypatch)
    assert isinstance(source, OutlinedSource)
    assert source.outline(tmp_path / "scratch") == (rows.height, 6)
    assert not (tmp_path / "scratch/buckets").exists()
