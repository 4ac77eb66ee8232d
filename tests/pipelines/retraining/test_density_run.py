"""Whole retrainings of an emulator of a made-up world; nothing after the cut is fitted on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.emulators.settings import DensityConfig
from models.emulators.storage import from_state, to_state
from models.errors import ConfigError, DataError, ModelError
from pipelines import registry
from pipelines.artefacts import save_state
from pipelines.retraining import density_fits
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.density_checks import remarks
from pipelines.retraining.density_drift import drift_of, forecasts, outcomes
from pipelines.retraining.density_fields import span
from pipelines.retraining.density_fits import (
    Champion,
    DensityFits,
    first_judged,
    months_between,
)
from pipelines.retraining.folder import RunFolder
from pipelines.thermosphere_density.series_file import read_series
from pipelines.warm_up_density import DensitySample
from tests.pipelines.retraining.worlds import density_config, retrain_density, world
from tests.pipelines.thermosphere_density.made_up_fields import MadeUpFields

NAME = "thermosphere-density"
#: To the end of January and of February 2002.
JANUARY, FEBRUARY = 24 * 396, 24 * 424


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    return tmp_path


def trained(static: int, rollouts: int, rate: float | None = None) -> DensityConfig:
    """Settings with so many passes over the data."""
    config = density_config()
    recurrent = config.recurrent
    rates = {} if rate is None else {"learning_rate": rate}
    return replace(
        config,
        recurrent=replace(
            recurrent,
            static=replace(recurrent.static, epochs=static, **rates),
            training=replace(recurrent.training, epochs=rollouts, **rates),
        ),
    )


def test_a_better_emulator_replaces_a_bad_one_which_does_not_come_back() -> None:
    fields, drivers = world(JANUARY)
    how = ["promotion.latency_ratio=20"]
    first = retrain_density(fields, drivers, trained(1, 1, 1e-6), how)
    assert first.decision == "promoted"
    old = registry.get_model(NAME)
    fields, drivers = world(FEBRUARY)
    second = retrain_density(fields, drivers, trained(6, 6), how)
    new = registry.get_model(NAME)
    assert second.decision == "promoted"
    assert "surely better" in second.why
    assert new.metadata["parent"] == old.tag
    assert new.metadata["metrics"]["segments"]["all"]["mape"] > 0
    DensitySample.from_json(new.metadata["sample"]).repeat(from_state(registry.load_state(new)))
    page = second.report.read_text("utf-8")
    assert "The champion took part as it is stored" in page
    third = retrain_density(fields, drivers, trained(1, 1, 1e-6), how)
    assert third.decision == "kept"
    assert "surely worse" in third.why
    assert "stood in for it" in third.report.read_text("utf-8")
    assert registry.champion_version(NAME) == new.version


def test_the_same_settings_on_the_same_fields_are_a_tie() -> None:
    fields, drivers = world(JANUARY)
    retrain_density(fields, drivers, density_config())
    outcome = retrain_density(fields, drivers, density_config(), run_id="again")
    assert outcome.decision == "kept"
    assert "equal to the champion's" in outcome.why
    assert len(registry.list_models(NAME)) == 1


def test_an_emulator_that_cannot_be_fitted_loses(monkeypatch: pytest.MonkeyPatch) -> None:
    fields, drivers = world(JANUARY)
    retrain_density(fields, drivers, density_config())

    def diverged(*_: Any, **__: Any) -> Any:
        raise ModelError("training diverged")

    monkeypatch.setattr(density_fits, "train_ensemble", diverged)
    outcome = retrain_density(fields, drivers, trained(1, 2))
    assert (outcome.decision, "training diverged" in outcome.why) == ("kept", True)


def shaken(fields: MadeUpFields, after: np.datetime64) -> MadeUpFields:
    """The same fields with other densities from an hour on."""
    values = fields.values.copy()
    values[fields.times >= after] += 0.3
    return replace(fields, values=values)


def fits_of(fields: MadeUpFields, drivers: Any, champion: Champion | None, run: str) -> DensityFits:
    cut = first_judged(fields.times[-1], 1)
    return DensityFits(fields, drivers, cut, champion, 1, RunFolder(NAME, run), Deadline())


def bits(emulator: Any, folder: Path) -> bytes:
    save_state(to_state(emulator), folder)
    return (folder / "arrays.safetensors").read_bytes()


def test_both_sides_are_fitted_on_nothing_after_their_cuts(home: Path) -> None:
    fields, drivers = world(FEBRUARY)
    config = density_config()
    some = fits_of(fields, drivers, None, "a").challenger(config)
    # The champion has seen half of the month that is judged, and lacks none: age 0.
    champion = Champion(some, config, np.datetime64("2002-02-15T00"))
    plain = fits_of(fields, drivers, champion, "b")
    later = fits_of(shaken(fields, plain.cut), drivers, champion, "c")
    earlier = fits_of(shaken(fields, plain.cut - 24), drivers, champion, "d")
    found = [bits(one.challenger(config), home / str(i)) for i, one in enumerate((plain, later))]
    assert found[0] == found[1]
    assert bits(earlier.challenger(config), home / "2") != found[0]
    rivals = [one.rival() for one in (plain, later)]
    assert bits(rivals[0], home / "3") == bits(rivals[1], home / "4")


def test_a_stand_in_is_as_old_as_the_champion_is(home: Path) -> None:
    fields, drivers = world(FEBRUARY)
    config = density_config()
    some = fits_of(fields, drivers, None, "a").challenger(config)
    ours = replace(
        fits_of(fields, drivers, Champion(some, config, np.datetime64("2002-01-10T00")), "b"),
        cut=np.datetime64("2002-01-01T00"),
    )
    assert (ours.age, ours.stands_in) == (1, True)
    same = replace(ours, cut=np.datetime64("2001-12-01T00"), folder=RunFolder(NAME, "c"))
    assert bits(ours.rival(), home / "1") == bits(same.challenger(config), home / "2")
    fresh = replace(ours, cut=np.datetime64("2002-02-01T00"))
    assert fresh.rival() is some


def test_a_span_gives_nothing_outside_it() -> None:
    fields, drivers = world(24 * 10)
    first, last = fields.times[24], fields.times[47]
    part, weather = span(fields, drivers, first, last)
    assert (part.times[0], part.times[-1], len(weather)) == (first, last, 24)
    blocks = list(part.iterate(10))
    assert [len(times) for times, _ in blocks] == [10, 10, 4]
    assert np.array_equal(np.concatenate([b for _, b in blocks]), fields.values[24:48])
    assert part.data_hash != fields.data_hash
    with pytest.raises(DataError, match="expected hours within"):
        part.read(first, fields.times[48])


def test_whole_months_are_judged_and_what_has_begun_with_them() -> None:
    assert first_judged(np.datetime64("2002-02-28T23"), 1) == np.datetime64("2002-02-01T00")
    assert first_judged(np.datetime64("2002-03-01T23"), 1) == np.datetime64("2002-02-01T00")
    assert months_between(np.datetime64("2001-12-31T23"), np.datetime64("2002-02-01T00")) == 2
    assert months_between(np.datetime64("2002-02-01T00"), np.datetime64("2001-12-31T23")) == 0


def test_fields_that_are_no_basis_are_refused() -> None:
    fields, drivers = world(JANUARY)
    config = density_config()
    with pytest.raises(DataError, match="10 days to compare on, expected at least 20"):
        remarks(fields, config, None, 10, 20)
    values = fields.values.copy()
    values[-3:] = 0.0
    wild = replace(fields, values=values)
    with pytest.raises(DataError, match="expected log10 density from -20 to -5"):
        remarks(wild, config, None, 31, 20)
    some = fits_of(fields, drivers, None, "a").challenger(config)
    ends = {"2002-06-01T00": "before the champion's", "1999-01-01T00": "after the champion's"}
    for end, what in ends.items():
        with pytest.raises(DataError, match=what):
            remarks(fields, config, Champion(some, config, np.datetime64(end)), 31, 20)
    champion = Champion(some, config, fields.times[-1])
    with pytest.raises(ConfigError, match="horizon: expected the champion's"):
        remarks(fields, replace(config, horizon=config.horizon + 24), champion, 31, 20)
    coarse = replace(fields, grid=replace(fields.grid, height=fields.grid.height[:-1]))
    with pytest.raises(DataError, match="expected the champion's grid"):
        remarks(coarse, config, champion, 31, 20)
    assert remarks(fields, config, champion, 31, 20)[0].startswith("a made-up world: 9504 hourly")


def test_drivers_beyond_the_champions_training_are_drift() -> None:
    fields, drivers = world(JANUARY)
    some = fits_of(fields, drivers, None, "a").challenger(density_config())
    champion = Champion(some, density_config(), fields.times[-1])
    assert drift_of(drivers, champion, 1)["drifted"] is False
    values = drivers.values.copy()
    values[-24 * 20 :, 0] *= 3.0
    stormy = replace(drivers, values=values)
    assert drift_of(stormy, champion, 1)["drifted"] is True
    assert "beyond" in " ".join(drift_of(stormy, champion, 1)["sentences"])


def test_drivers_too_few_for_a_report_say_so() -> None:
    _, drivers = world(24 * 40)
    report = drift_of(drivers, None, 12)
    assert report["drifted"] is None
    assert report["sentences"][0].startswith("No drift report: ")


def hourly(months: int, off: float = 0.0, inside: float = 0.9) -> pl.DataFrame:
    """Scores by hour as of ten cells, from 2002 on: truth lies off by so much of log10."""
    hours = np.arange("2002-01-01T00", months * 30 * 24, dtype="datetime64[h]")
    noise = np.random.default_rng(0).normal(0.0, 0.05, len(hours))
    cells = np.full(len(hours), 10.0)
    return pl.DataFrame(
        {
            "hour": hours.astype("datetime64[us]"),
            "signed": 10.0 * (off + noise),
            "cells": cells,
            "inside_90": 10.0 * np.clip(inside + noise, 0.0, 1.0),
            "scored": cells,
        }
    )


def test_scores_by_hour_become_outcomes_in_per_cent() -> None:
    low = hourly(1, off=0.1).with_columns(signed=pl.lit(1.0), inside_90=pl.lit(7.0))
    made = outcomes(pl.concat([low, low.with_columns(signed=pl.lit(1.0))]))
    # Two bands of ten cells; the truth is 10^0.1 times what was forecast.
    assert made["error"].to_numpy() == pytest.approx(100 * (10**-0.1 - 1))
    assert made["inside"].to_numpy() == pytest.approx(0.7)
    assert made["period"][0] == "2002-01-01T00"
    assert len(made) == 30 * 24


def test_the_champions_forecasts_and_outcomes_are_looked_at_too() -> None:
    fields, drivers = world(JANUARY)
    some = fits_of(fields, drivers, None, "a").challenger(density_config())
    champion = Champion(some, density_config(), fields.times[-1])
    calm = drift_of(drivers, champion, 1, hourly(6))
    assert {one["kind"] for one in calm["reports"]} == {
        "space weather",
        "forecasts",
        "outcomes since the training",
    }
    assert calm["drifted"] is False
    biased = drift_of(drivers, champion, 1, hourly(6, off=0.2))
    assert ["outcomes since the training: bias" in r for r in biased["reasons"]] == [True]
    told = outcomes(hourly(6, inside=0.6))
    narrow = drift_of(drivers, champion, 1, hourly(6), told)
    (reason,) = narrow["reasons"]
    assert "outcomes of forecasts in use: 90 % interval holds 60 % of outcomes" in reason


def test_forecasts_of_the_report_are_made_from_space_weather_until_then() -> None:
    fields, drivers = world(JANUARY)
    some = fits_of(fields, drivers, None, "a").challenger(density_config())
    made = forecasts(drivers, some, 1)
    assert np.isfinite(made.select("mean", "lower_90", "upper_90").to_numpy()).all()
    assert (made["upper_90"] > made["lower_90"]).all()
    values = drivers.values.copy()
    values[-24 * 10 :] *= 1.3
    after = forecasts(replace(drivers, values=values), some, 1)
    early = made["origin"] < drivers.times[-24 * 15].astype("datetime64[us]").item()
    assert made.filter(early).equals(after.filter(early))
    assert not made.equals(after)


def test_tuning_reads_only_hours_before_the_comparison(home: Path) -> None:
    fields, drivers = world(JANUARY)
    space = home / "space.yaml"
    space.write_text(
        "parameters:\n  epochs: {type: int, low: 1, high: 3}\n"
        "  unknown_start: {type: float, low: 0.0, high: 1.0}\n"
        "  static_epochs: {type: int, low: 1, high: 2}\n"
    )
    how = ["tuning.trials=2", f"tuning.space={space}"]
    outcome = retrain_density(fields, drivers, density_config(), how)
    folder = RunFolder(NAME, outcome.run)
    tuned = folder.result("tune") or {}
    assert tuned["trials"] == 2
    assert tuned["settings"]["recurrent"]["training"]["epochs"] in (1, 2, 3)
    (file,) = folder.path.glob("study/series-*.safetensors")
    assert read_series(file).times[-1] == np.datetime64("2001-12-31T23")
