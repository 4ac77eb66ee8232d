"""Forecasts are joined with what came true, once, and never with what is not known yet."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.errors import ConfigError, DataError
from models.transforms.sharpe import sharpe_ratio
from pipelines.database import open_database
from pipelines.datasets.density.satellite_densities import read_satellite_densities
from pipelines.datasets.panel import ReturnsPanel
from pipelines.monitoring.density_outcomes import density_outcomes
from pipelines.monitoring.forecast_tables import read_forecasts
from pipelines.monitoring.fund_outcomes import NEEDED, fund_outcomes
from pipelines.monitoring.known_versions import DensityVersion, density_version, fund_version
from pipelines.monitoring.outcome_report import headline, score_table
from pipelines.monitoring.outcome_store import COLUMNS, OutcomeStore
from pipelines.monitoring.outcome_table import OUTCOMES
from pipelines.monitoring.prometheus import metrics_text
from service import cli
from tests.servers.postgres import fresh_database

MONTHS = tuple(f"{2010 + t // 12}-{t % 12 + 1:02d}" for t in range(36))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    return tmp_path


def panel() -> ReturnsPanel:
    returns = np.random.default_rng(0).normal(0.01, 0.04, (2, 36))
    return ReturnsPanel(("a", "b"), MONTHS, returns, np.full(36, 0.001), 12)


def forecast(**changes: Any) -> dict[str, Any]:
    """Fund a at 2011-06, the six months after, by version v1."""
    return {
        "id": "a",
        "origin": "2011-06",
        "target": "forward",
        "horizon": 6,
        "month": "2011-12",
        "mean": 0.5,
        "lower_90": -1.0,
        "upper_90": 2.0,
        "version": "v1",
        **changes,
    }


def joined(*rows: dict[str, Any], trained: str | None = None) -> pl.DataFrame:
    return fund_outcomes(pl.DataFrame(list(rows)), panel(), lambda _: (12, trained))


def test_a_forward_ratio_is_that_of_the_months_after_the_origin() -> None:
    (row,) = joined(forecast()).rows(named=True)
    months = panel().excess[0, 18:24]
    assert MONTHS[18] == "2011-07"
    assert row["outcome"] == pytest.approx(float(sharpe_ratio(months, 12)))
    assert row["error"] == pytest.approx(0.5 - row["outcome"])
    assert row["inside"] == (-1.0 <= row["outcome"] <= 2.0)


def test_a_rolling_ratio_is_that_of_the_window_that_ends_at_the_month() -> None:
    (row,) = joined(forecast(target="rolling")).rows(named=True)
    assert row["outcome"] == pytest.approx(float(sharpe_ratio(panel().excess[0, 12:24], 12)))


@pytest.mark.parametrize(
    "changes",
    [
        {"month": "2013-01", "origin": "2012-07"},  # the data end in 2012-12
        {"id": "nobody"},
        {"month": "2009-12", "origin": "2009-06"},
    ],
)
def test_what_is_not_known_has_no_outcome(changes: dict[str, Any]) -> None:
    assert joined(forecast(**changes)).is_empty()


def test_a_missing_month_leaves_no_outcome() -> None:
    holed = panel()
    holed.returns[0, 20] = np.nan
    made = fund_outcomes(pl.DataFrame([forecast()]), holed, lambda _: (12, None))
    assert made.is_empty()


def test_what_the_model_was_trained_on_is_told_apart() -> None:
    assert joined(forecast(), trained="2011-12")["in_sample"].to_list() == [True]
    # Five of the six months that it is about were in the training.
    assert joined(forecast(), trained="2011-11")["in_sample"].to_list() == [True]
    assert joined(forecast(), trained="2011-06")["in_sample"].to_list() == [False]


def test_later_returns_do_not_move_an_outcome() -> None:
    later = panel()
    later.returns[:, 24:] += 1.0
    again = fund_outcomes(pl.DataFrame([forecast()]), later, lambda _: (12, None))
    assert again.equals(joined(forecast()))


@pytest.mark.parametrize("server", [False, True], ids=["sqlite", "postgresql"])
def test_an_outcome_is_kept_once_however_often_it_is_told(server: bool) -> None:
    store = OutcomeStore(fresh_database() if server else None)
    told = (forecast(), forecast(id="b", mean=1.5), forecast(horizon=9, month="2012-03"))
    found = joined(*told, trained="2011-06")
    assert store.add(found) == (3, 3)
    revised = found.with_columns(outcome=pl.col("outcome") + 1.0, error=pl.col("error") - 1.0)
    assert store.add(revised) == (3, 0)
    rows = store.scores("fund-sharpe")
    assert [(row["horizon"], row["n"]) for row in rows] == [(6, 2), (9, 1)]
    six = revised.filter(pl.col("horizon") == 6)["error"].to_numpy()
    assert rows[0]["bias"] == pytest.approx(six.mean())
    assert rows[0]["rmse"] == pytest.approx(float(np.sqrt((six**2).mean())))
    assert rows[0]["mae"] == pytest.approx(float(np.abs(six).mean()))
    held = revised.filter(pl.col("horizon") == 6)["inside"].mean()
    assert rows[0]["coverage_90"] == pytest.approx(held)
    assert [row["n"] for row in store.scores(since="2012-01")] == [1]
    assert [row["series"] for row in store.series_scores()] == ["a", "b"]
    assert store.periods("fund-sharpe")["month"].to_list() == ["2011-12", "2012-03"]
    store.close()


@pytest.mark.parametrize("server", [False, True], ids=["sqlite", "postgresql"])
def test_versions_that_nobody_knows_are_kept_apart(server: bool) -> None:
    store = OutcomeStore(fresh_database() if server else None)
    store.add(joined(forecast(), trained="2011-06"))
    store.add(joined(forecast(version="v0"), forecast(version="v0", id="b")))
    store.add(joined(forecast(version="v2"), trained="2011-12"))
    rows = store.scores("fund-sharpe")
    samples = {row["version"]: (row["sample"], row["n"]) for row in rows}
    assert samples == {"v0": ("unknown", 2), "v1": ("out", 1), "v2": ("in", 1)}
    assert [row["version"] for row in store.series_scores()] == ["v1"]
    assert store.periods("fund-sharpe")["version"].to_list() == ["v1"]
    assert store.errors("fund-sharpe", "v0").is_empty()
    assert headline(rows).startswith("1 outcomes of forecasts that no model had seen")
    assert 'sample="unknown",target="forward",version="v0"} 2.0' in metrics_text(rows)
    names = score_table(rows).names
    assert [name.split("ahead")[1] for name in names] == [
        ", version unknown",
        "",
        ", seen in training",
    ]
    store.close()


@pytest.mark.parametrize("server", [False, True], ids=["sqlite", "postgresql"])
def test_a_table_of_earlier_releases_keeps_its_rows_and_takes_unknown_ones(server: bool) -> None:
    url = fresh_database() if server else None
    first = OutcomeStore(url)
    first.add(joined(forecast(), trained="2011-06"))
    first.close()
    engine = open_database(url)
    with engine.begin() as connection:
        if server:
            connection.exec_driver_sql(f"ALTER TABLE {OUTCOMES.name} ALTER in_sample SET NOT NULL")
        else:
            (made,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type='table'")
            old = str(made[0]).replace("in_sample BOOLEAN", "in_sample BOOLEAN NOT NULL")
            connection.exec_driver_sql(f"ALTER TABLE {OUTCOMES.name} RENAME TO aside")
            connection.exec_driver_sql(old)
            connection.exec_driver_sql(f"INSERT INTO {OUTCOMES.name} SELECT * FROM aside")
            connection.exec_driver_sql("DROP TABLE aside")
    engine.dispose()
    again = OutcomeStore(url)
    again.add(joined(forecast(version="v0")))
    assert [(row["version"], row["sample"]) for row in again.scores()] == [
        ("v0", "unknown"),
        ("v1", "out"),
    ]
    again.close()


def test_a_store_without_a_version_knows_nothing_of_it() -> None:
    assert fund_version("v1") == (12, None)
    assert density_version("v1") == DensityVersion(stored=False)


DENSITIES = """date,seconds_in_day_s,satellite,altitude_m,longitude_deg,latitude_deg,density_kg_m3
2003-11-20,60.0,champ,400000,-158.6,63.1,3e-12
2003-11-20,120.0,champ,400000,-158.0,60.0,4e-12
2003-11-20,180.0,grace_a,480000,10.0,0.0,1e-12
"""


def densities(folder: Path) -> Path:
    file = folder / "densities.csv"
    file.write_text(DENSITIES)
    return file


def stored(_version: str) -> DensityVersion:
    return DensityVersion(stored=True)


def points(**changes: Any) -> pl.DataFrame:
    """A point at the first measurement, seven hours after its origin."""
    row = {
        "epoch": datetime(2003, 11, 20, 0, 1, tzinfo=UTC),
        "latitude": 63.0,
        "longitude": 201.5,
        "height": 400.5,
        "mean": 3.5e-12,
        "q_0.05": 2.5e-12,
        "q_0.5": 3.3e-12,
        "q_0.95": 4.5e-12,
        "origin": datetime(2003, 11, 19, 17, tzinfo=UTC),
        "correction": "none",
        "version": "v1",
        **changes,
    }
    return pl.DataFrame([row])


def test_a_density_is_joined_with_the_measurement_of_its_second_and_place(tmp_path: Path) -> None:
    measured = read_satellite_densities(densities(tmp_path))
    (row,) = density_outcomes(points(), measured, stored).rows(named=True)
    assert (row["series"], row["target"], row["horizon"]) == ("champ", "density", 7)
    assert row["point"] == pytest.approx(3.3e-12)
    assert row["error"] == pytest.approx(10.0)
    assert row["inside"] is True
    for elsewhere in ({"latitude": 62.0}, {"longitude": 200.0}, {"height": 410.0}):
        assert density_outcomes(points(**elsewhere), measured, stored).is_empty()
    corrected = density_outcomes(points(correction="satellite"), measured, stored)
    assert corrected["target"].to_list() == ["density, satellite"]


def test_nobody_knows_what_an_unknown_density_version_or_a_correction_had_seen(
    tmp_path: Path,
) -> None:
    measured = read_satellite_densities(densities(tmp_path))

    def seen(known: DensityVersion, **changes: Any) -> bool | None:
        (row,) = density_outcomes(points(**changes), measured, lambda _: known).rows(named=True)
        found: bool | None = row["in_sample"]
        return found

    assert seen(DensityVersion(True)) is False
    assert seen(DensityVersion(False)) is None
    # The measurement is of 2003-11-20.
    before, on = DensityVersion(True, "2003-11-19"), DensityVersion(True, "2003-11-20")
    assert seen(before, correction="satellite") is False
    assert seen(on, correction="satellite") is None
    assert seen(on, correction="none") is False
    assert seen(DensityVersion(True), correction="satellite") is None


def test_the_commands_tell_outcomes_and_show_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.monitoring.known_versions.density_version", stored)
    folder = tmp_path / "night"
    folder.mkdir()
    points().write_parquet(folder / "part-000000.parquet")
    words = ["outcomes", "ingest", "thermosphere-density", "--forecasts", str(folder)]
    assert cli.run([*words, "--densities", str(densities(tmp_path))]) == 0
    assert "1 of 1 forecasts have an outcome; 1 of them are new" in capsys.readouterr().out
    page, metrics = tmp_path / "page.html", tmp_path / "halyard.prom"
    assert cli.run(["monitor", "--html", str(page), "--prometheus", str(metrics)]) == 0
    assert "thermosphere-density" in capsys.readouterr().out
    assert cli.run(["monitor", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["n"], row["coverage_90"]) == (1, 1.0)
    text = page.read_text("utf-8")
    assert "1 outcomes of forecasts that no model had seen" in text
    assert 'id="figure-course-0"' in text
    told = metrics.read_text("utf-8")
    assert (
        'halyard_outcome_bias{horizon="7",predictor="thermosphere-density",sample="out",'
        'target="density",version="v1"}'
    ) in told


def test_funds_are_told_by_the_command_from_a_table_of_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = fresh_database()
    rows = pl.DataFrame([forecast(), forecast(id="b")])
    data = panel()
    long = pl.DataFrame(
        {
            "fund": np.repeat(data.ids, 36),
            "month": list(MONTHS) * 2,
            "return": data.returns.ravel(),
        }
    )
    long.write_csv(tmp_path / "returns.csv")
    _write(url, rows)
    words = ["outcomes", "ingest", "fund-sharpe", "--forecasts", f"{url}#forecasts"]
    assert cli.run([*words, "--data", str(tmp_path / "returns.csv"), "--database", url]) == 0
    assert "2 of 2 forecasts have an outcome; 2 of them are new" in capsys.readouterr().out


def _write(url: str, rows: pl.DataFrame) -> None:
    import psycopg

    kinds = {pl.String: "text", pl.Float64: "float8", pl.Int64: "bigint"}
    columns = ", ".join(f"{n} {kinds[k.base_type()]}" for n, k in rows.schema.items())
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE TABLE forecasts ({columns})")
        with connection.cursor().copy("COPY forecasts FROM STDIN") as copy:
            for row in rows.iter_rows():
                copy.write_row(row)


def test_nothing_told_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["monitor"]) == 0
    assert "No outcomes yet" in capsys.readouterr().out
    assert cli.run(["monitor", "weather"]) == 2
    assert "there is: fund-sharpe, thermosphere-density" in capsys.readouterr().err


def test_forecasts_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        read_forecasts(str(tmp_path / "nowhere"), NEEDED, ())
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no part-\*\.parquet"):
        read_forecasts(str(tmp_path / "empty"), NEEDED, ())
    pl.DataFrame({"id": ["a"]}).write_csv(tmp_path / "x.csv")
    with pytest.raises(DataError, match="there is no column 'origin' among id"):
        read_forecasts(str(tmp_path / "x.csv"), NEEDED, ())
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(DataError, match="cannot be read"):
        read_forecasts(str(tmp_path / "x.parquet"), NEEDED, ())
    with pytest.raises(ConfigError, match="got no table"):
        read_forecasts("postgresql://host/name", NEEDED, ())
    with pytest.raises(DataError, match="there is no 'id'"):
        fund_outcomes(pl.DataFrame({"version": ["v"]}), panel(), lambda _: (12, None))
    with pytest.raises(DataError, match="expected the target rolling or forward, got 'odd'"):
        joined(forecast(target="odd"))
    measured = read_satellite_densities(densities(tmp_path))
    with pytest.raises(DataError, match="there is no 'epoch'"):
        density_outcomes(pl.DataFrame({"x": [1]}), measured, stored)


def test_a_table_of_outcomes_has_the_columns_of_the_store() -> None:
    assert joined(forecast()).columns == list(COLUMNS)
