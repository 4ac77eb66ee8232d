"""Densities of a batch are those that the service answers with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.errors import ConfigError, DataError
from pipelines import registry
from pipelines.batch.density_answers import Answers
from pipelines.batch.density_columns import WARNINGS
from pipelines.batch.density_opening import open_density_job
from pipelines.batch.thermosphere_density import DensityJob
from pipelines.thermosphere_density.stored_corrections import StoredCorrection
from service.thermosphere_forecast_inputs import ForecastQuery
from service.thermosphere_inputs import PointQuery
from tests.pipelines.batch.density_inputs import LAST, again, job, opened, points
from tests.pipelines.thermosphere_density.test_stored_corrections import store
from tests.service import density_models

LEVELS = (0.05, 0.5, 0.95)
QUANTILES = ["q_0.05", "q_0.5", "q_0.95"]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))


def as_points(table: pl.DataFrame) -> Points:
    axes = (table[name].to_numpy().copy() for name in ("latitude", "longitude", "height"))
    return Points(table["epoch"].to_numpy(), *axes)


def asked_by_http(table: pl.DataFrame) -> LogDensity:
    query = PointQuery(as_points(table), LEVELS, "none", None, True)
    return density_models.predictor().density(query).density


def agree(made: pl.DataFrame, expected: LogDensity) -> None:
    """To the digits of float32."""
    for name, values in (
        ("mean", expected.mean_density),
        ("std", expected.std_density),
        *zip(QUANTILES, expected.quantiles(LEVELS).T, strict=True),
    ):
        np.testing.assert_allclose(made[name].to_numpy(), values, rtol=1e-5, err_msg=name)


def answers(ready: DensityJob) -> Answers:
    assert ready._answers is not None
    return ready._answers


def test_densities_are_those_of_http_in_the_order_of_the_input() -> None:
    table = points()
    made = opened("number").run(table)
    assert made.rejects.is_empty()
    agree(made.forecasts, asked_by_http(table))
    for name in ("id", "latitude", "longitude", "height"):
        assert made.forecasts[name].to_list() == table[name].to_list()
    assert made.forecasts["epoch"].dt.replace_time_zone(None).equals(table["epoch"])
    assert made.forecasts["drivers"].unique().to_list() == ["observed"]


def test_the_columns_are_those_of_the_schema() -> None:
    ready = opened("number", levels=(0.1, 0.9))
    made = ready.run(points(3)).forecasts
    assert dict(made.schema) == dict(ready.schema)
    assert {"q_0.1", "q_0.9"} < set(made.columns)
    assert set(ready.key) < set(made.columns)
    unnamed = opened(None)
    assert dict(unnamed.run(points(3).drop("id")).forecasts.schema) == dict(unnamed.schema)
    assert "id" not in unnamed.key


def test_hours_after_the_table_are_a_forecast_from_its_issue_as_over_http() -> None:
    ready = opened("number", samples=3, seed=5)
    start = np.datetime64("2003-12-01T01", "h")
    table = points(40, "2003-12-01T02:00:00", minutes=60 * 14)
    made = ready.run(table)
    assert made.rejects.is_empty()
    assert made.forecasts["drivers"].unique().to_list() == ["forecast"]
    assert made.forecasts["origin"].dt.replace_time_zone(None).unique().to_list() == [
        start.astype("datetime64[us]").tolist()
    ]
    place = as_points(table)
    query = ForecastQuery(
        start, 647, place.time, place, {}, False, "ensemble", 3, 5, LEVELS, "none", None
    )
    agree(made.forecasts, density_models.predictor().forecast(query).density)


def test_known_and_forecast_hours_of_one_shard_join_without_a_gap() -> None:
    table = points(120, "2003-11-30T18:00:00", minutes=6)
    ready = opened("number", samples=2)
    made = ready.run(table).forecasts
    late = table["epoch"].to_numpy() > LAST
    assert (made["drivers"].to_numpy() == np.where(late, "forecast", "observed")).all()
    parts = [ready.run(table.filter(pl.Series(mask))).forecasts for mask in (~late, late)]
    joined = pl.concat(parts).sort("id")
    for name in ("mean", "std", *QUANTILES):
        np.testing.assert_allclose(joined[name], made.sort("id")[name], rtol=1e-5)


def test_a_shard_gives_the_same_bits_whatever_was_asked_before() -> None:
    """Or a run that was killed and taken up again would end with other bytes."""
    table = points(200, "2003-06-10T00:00:00", minutes=300)
    parts = list(table.iter_slices(70))
    one = opened("number")
    in_turn = [one.run(part).forecasts for part in parts]
    for part, before in zip(reversed(parts), reversed(in_turn), strict=True):
        assert again(one).run(part).forecasts.equals(before)


def test_an_epoch_that_nobody_can_answer_is_a_reject_with_the_hours_that_can() -> None:
    table = points(4).with_columns(
        pl.Series(
            "epoch",
            np.array(["1999-01-01", "2003-08-10", "2003-12-28T01", "2004-02-01"], "datetime64[us]"),
        )
    )
    made = opened("number", samples=2).run(table)
    assert made.forecasts["id"].to_list() == [101]
    assert made.rejects["id"].to_list() == ["100", "102", "103"]
    reason = made.rejects["reason"].to_list()[0]
    assert "to 2003-12-28T00:00:00Z" in reason
    assert reason.endswith("got 1999-01-01T00:00:00Z")


def test_an_empty_table_gives_an_empty_table() -> None:
    ready = opened("number")
    made = ready.run(points(3).head(0))
    assert made.forecasts.is_empty()
    assert dict(made.forecasts.schema) == dict(ready.schema)


def test_the_drivers_of_a_caller_replace_the_table_to_their_last_whole_day(tmp_path: Path) -> None:
    times = np.arange("2003-12-01", "2003-12-04T12", 3, dtype="datetime64[h]")
    rows = pl.DataFrame({"time": times.astype(str), "f107": 150.0, "kp": 3.0})
    rows.write_csv(tmp_path / "own.csv")
    ready = opened("number", drivers=tmp_path / "own.csv")
    table = points(6, "2003-12-03T20:00:00", minutes=60)
    made = ready.run(table)
    assert made.forecasts["drivers"].unique().to_list() == ["caller"]
    # Five points lie before the end of the third, one of them after the last hour of it.
    late = table["epoch"].to_numpy() > np.datetime64("2003-12-03T23", "us")
    assert made.rejects.height == int(late.sum()) > 0
    assert "the last whole day of --drivers" in made.rejects["reason"][0]
    quiet = opened("number", drivers=_drivers(tmp_path / "quiet.csv", times, kp=0.0)).run(table)
    assert (quiet.forecasts["mean"] < made.forecasts["mean"]).all()


def _drivers(path: Path, times: Any, kp: float) -> Path:
    pl.DataFrame({"time": times.astype(str), "f107": 150.0, "kp": kp}).write_csv(path)
    return path


def test_drivers_without_a_whole_day_are_refused(tmp_path: Path) -> None:
    times = np.arange("2003-12-01", "2003-12-01T12", 3, dtype="datetime64[h]")
    with pytest.raises(DataError, match="expected drivers to the end of a UTC day"):
        opened("number", drivers=_drivers(tmp_path / "own.csv", times, kp=1.0))


def test_a_row_is_warned_of_in_the_hour_that_it_lies_in() -> None:
    quiet = opened("number").run(points(3, "2003-08-10T12:00:00")).forecasts
    assert quiet["warning"].to_list() == [None] * 3
    storm = opened("number").run(points(3, "2003-10-29T12:00:00")).forecasts
    assert all("Kp or ap" in text for text in storm["warning"])
    newest = opened("number").run(points(3, "2003-11-28T12:00:00")).forecasts
    assert all("of those of its 81 days that are known" in text for text in newest["warning"])
    far = opened("number", samples=2).run(points(3, "2003-12-20T12:00:00")).forecasts
    assert all("longer than the rollouts" in text for text in far["warning"])
    assert len(set(WARNINGS)) == len(WARNINGS) == 12


def test_a_density_that_is_not_finite_is_a_reject() -> None:
    def broken(_e: DensityEmulator, _d: Drivers, points: Points, found: LogDensity) -> LogDensity:
        mean = np.where(np.arange(len(points)) == 1, np.nan, found.mean)
        return LogDensity(mean, found.std, found.shape)

    ready = opened("number")
    made = replace(answers(ready), correction=StoredCorrection(broken)).make(points(3))
    assert made.forecasts["id"].to_list() == [100, 102]
    assert made.rejects.rows()[0][1:] == (
        "101",
        "the model gave a density that is not finite; report it with this row",
    )


def test_a_correction_is_applied_and_never_before_what_it_has_read() -> None:
    def doubled(_e: DensityEmulator, _d: Drivers, _p: Points, found: LogDensity) -> LogDensity:
        return LogDensity(found.mean + np.log10(2), found.std, found.shape)

    table = points(4, "2003-08-10T12:00:00", minutes=60)
    ready = opened("number")
    since = np.datetime64("2003-08-10T13:30:00")
    corrected = replace(
        answers(ready), correction=StoredCorrection(doubled, since), word="assimilated"
    )
    made = corrected.make(table)
    plain = ready.run(table).forecasts.filter(pl.col("id").is_in(made.forecasts["id"]))
    np.testing.assert_allclose(made.forecasts["mean"], 2 * plain["mean"].to_numpy(), rtol=1e-6)
    assert made.forecasts["correction"].unique().to_list() == ["assimilated"]
    assert made.rejects.height == 2
    assert "expected a moment from 2003-08-10T13:30:00Z" in made.rejects["reason"][0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"levels": (0.5, 1.0)}, "--levels: expected 1 to 50 different probabilities"),
        ({"levels": (0.5, 0.5)}, "--levels: expected 1 to 50 different probabilities"),
        ({"levels": ()}, "got none"),
        ({"samples": 0}, "--samples: expected 1 to 200, got 0"),
        ({"correction": "best"}, "--correction: expected none, satellite, assimilated, got 'best'"),
        ({"correction": "satellite"}, "no champion of density-correction is stored"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        job(**settings)


def test_the_fingerprint_tells_models_settings_and_space_weather_apart(tmp_path: Path) -> None:
    first = job()
    other = replace(first, levels=(0.5,)), replace(first, seed=1), replace(first, samples=3)
    own = _drivers(tmp_path / "a.csv", np.array(["2003-12-01T00"], "datetime64[h]"), kp=1.0)
    prints = [one.fingerprint() for one in (first, *other, replace(first, drivers=own), job())]
    assert len({str(each) for each in prints}) == len(prints)
    with pytest.raises(DataError, match="cannot be read"):
        replace(first, drivers=tmp_path / "none.csv").fingerprint()


def test_a_job_that_was_not_opened_says_so() -> None:
    with pytest.raises(RuntimeError, match="not opened"):
        job().run(points(1))


def test_a_stored_correction_is_applied_to_all_points_of_its_emulator() -> None:
    plain = job()
    registry.promote(store(plain.model.tag))
    corrected = open_density_job(plain.model, correction="satellite")
    assert "density-correction" in str(corrected.fingerprint()["corrections"])
    table = points(30, "2003-06-10T12:00:00", minutes=60).with_columns(height=pl.lit(400.0))
    medians = [again(replace(one, named="number")).run(table) for one in (plain, corrected)]
    ratio = medians[1].forecasts["q_0.5"] / medians[0].forecasts["q_0.5"]
    assert ratio.median() == pytest.approx(0.5, rel=0.1)


def test_a_correction_of_another_emulator_is_refused() -> None:
    model = density_models.store()
    registry.promote(store("thermosphere-density:another"))
    with pytest.raises(ConfigError, match="corrects thermosphere-density:another, and"):
        open_density_job(model, correction="satellite")
