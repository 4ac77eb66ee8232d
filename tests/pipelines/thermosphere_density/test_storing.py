"""The emulator that is served is stored with scores on what it never saw, and a sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from models.emulators.storage import from_state, to_state
from models.errors import ArtefactError
from pipelines import registry
from pipelines.registry import StoredModel, load_state
from pipelines.thermosphere_density.storing import baseline_of, train_density
from pipelines.warm_up_density import DensitySample
from tests.pipelines.thermosphere_density.made_up_fields import QUICK, made_up


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("HALYARD_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def stored(home: Path) -> StoredModel:
    assert home.is_dir()
    return train_density(*made_up(), QUICK)


def test_the_version_says_what_it_was_made_from(stored: StoredModel) -> None:
    about = stored.metadata
    assert stored.name == "thermosphere-density"
    assert about["data"]["label"] == "a made-up world"
    assert (about["data"]["first"], about["data"]["hours"]) == (
        "2001-01-01T00",
        len(made_up()[0].times),
    )
    assert about["config"]["held_out"] == list(QUICK.held_out)
    assert set(about["config"]) == set(asdict(QUICK))
    assert registry.champion_version("thermosphere-density") is None


def test_scores_are_of_the_year_held_out(stored: StoredModel) -> None:
    metrics = stored.metadata["metrics"]
    assert metrics["judged_on"] == [2002]
    assert metrics["components"] == 2
    # Windows of a day through 2002.
    assert metrics["windows"] == len(made_up()[0].times) // 24 - 365
    assert {"all", "strong", "day1"} <= set(metrics["segments"])
    assert 0 < metrics["segments"]["all"]["mape"] < metrics["segments"]["strong"]["mape"] < 30
    # The only network is the ensemble.
    (alone,) = metrics["mape_by_seed"][QUICK.cells[0]]["mape"]
    assert alone == pytest.approx(metrics["segments"]["all"]["mape"], rel=1e-4)


@pytest.mark.usefixtures("home")
def test_every_network_has_its_own_error_and_all_together_err_less_than_their_mean() -> None:
    config = replace(QUICK, cells=("lstm", "gru"), members=2)
    metrics = train_density(*made_up(), config).metadata["metrics"]
    by_kind = metrics["mape_by_seed"]
    assert list(by_kind) == ["lstm", "gru"]
    for found in by_kind.values():
        first, second = found["mape"]
        assert first != second
        assert found["deviation"] == pytest.approx(abs(first - second) / 2, abs=1e-6)
    alone = [error for found in by_kind.values() for error in found["mape"]]
    assert min(alone) / 2 < metrics["segments"]["all"]["mape"] < np.mean(alone)


def test_what_is_loaded_answers_as_what_was_trained(stored: StoredModel) -> None:
    emulator = from_state(registry.load_state(stored))
    sample = DensitySample.from_json(stored.metadata["sample"])
    sample.repeat(emulator)
    moved = replace(emulator.components, mean=emulator.components.mean + 0.1)
    with pytest.raises(ArtefactError, match=r"differ by 0\.1 in log10"):
        sample.repeat(replace(emulator, components=moved))


@pytest.mark.usefixtures("home")
def test_without_a_year_held_out_the_calibration_months_are_scored() -> None:
    told: list[tuple[int, int]] = []
    stored = train_density(
        *made_up(), replace(QUICK, held_out=()), progress=lambda *n: told.append(n)
    )
    metrics = stored.metadata["metrics"]
    assert metrics["judged_on"] == "calibration months"
    assert metrics["windows"] > 10
    assert np.isfinite(metrics["segments"]["all"]["nlpd"])
    assert told == [(1, 1)]


def test_the_linear_dynamics_of_orbit_studies_are_stored_beside_it(stored: StoredModel) -> None:
    linear = baseline_of(load_state(stored))
    assert linear.feature_set == "dmdc"
    assert [name for name, _ in linear.ensemble.members] == ["dmdc_0"]
    with pytest.raises(ArtefactError, match="stored without linear dynamics"):
        baseline_of(to_state(linear))
