"""A stored correction by satellites is offered, applied, and tied to its emulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.contract import FloatArray
from models.emulators.emulator import Points
from models.emulators.log_density import LogDensity
from models.emulators.satellite_correction import DensityCorrection
from models.errors import ArtefactError
from pipelines import registry, served
from service.champion import load_density_predictor
from service.thermosphere_correction import SatelliteCorrection, _samples
from tests.service import density_models
from tests.service.density_requests import good
from tests.service.test_thermosphere import ask

START = np.datetime64("2003-06-03T00")


def points(count: int = 400) -> Points:
    """Along something like an orbit, over four weeks."""
    k = np.arange(count)
    time = START.astype("datetime64[s]") + (6048 * k).astype("timedelta64[s]")
    return Points(time, 80 * np.sin(k), (77.0 * k) % 360, 400 + 20 * np.cos(k / 9))


def correction() -> DensityCorrection:
    """Fitted on measurements that are the emulator's densities, halved, with a noise of 5 %."""
    emulator, where = density_models.emulator(), points()
    drivers = density_models.observed(density_models.weather(), START - 48, START + 24 * 30)
    path = emulator.path(drivers, START, START + 24 * 30)
    found = emulator.density(path, where)
    samples = _samples(emulator, drivers, where, found, np.arange(len(where)))
    noise = np.random.default_rng(0).normal(0.0, np.log10(1.05), len(where))
    samples.log_density[:] = found.mean - np.log10(2.0) + noise
    return DensityCorrection().fit(samples)


def store(emulator_tag: str) -> registry.StoredModel:
    return registry.save_model(
        registry.DENSITY_CORRECTION,
        correction().state(),
        {},
        metrics={},
        config={"emulator": emulator_tag},
        data={"hash": "abc"},
        seed=0,
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def test_measurements_of_half_the_density_halve_the_answer() -> None:
    fitted = SatelliteCorrection(correction(), "v1")
    predictor = density_models.predictor(correct=fitted)
    listed = good()["points"]
    plain = ask(good(), predictor=predictor)["points"][0]
    said = ask({"points": listed, "correction": "satellite"}, predictor=predictor)
    assert said["correction"] == "satellite"
    assert said["points"][0]["median"] == pytest.approx(plain["median"] / 2, rel=0.1)


def test_the_order_of_the_points_does_not_matter() -> None:
    fitted = SatelliteCorrection(correction(), "v1")
    emulator, where = density_models.emulator(), points(50)
    drivers = density_models.observed(density_models.weather(), START - 48, START + 24 * 30)
    found = emulator.density(emulator.path(drivers, START, START + 24 * 30), where)
    chaos = np.random.default_rng(1).permutation(50)

    def mixed(values: FloatArray) -> FloatArray:
        return values[chaos]

    shuffled = Points(
        where.time[chaos], mixed(where.latitude), mixed(where.longitude), mixed(where.height)
    )
    background = LogDensity(mixed(found.mean), mixed(found.std))
    one = fitted(emulator, drivers, where, found)
    other = fitted(emulator, drivers, shuffled, background)
    assert other.mean == pytest.approx(one.mean[chaos], abs=1e-6)


def test_a_server_offers_the_champion_of_its_own_emulator() -> None:
    emulator = density_models.store()
    registry.promote(emulator)
    assert list(served.served_models()) == [registry.THERMOSPHERE_DENSITY]
    registry.promote(store(emulator.tag))
    found = served.served_models()
    predictor = load_density_predictor(emulator, found[registry.DENSITY_CORRECTION])
    assert predictor.describe().corrections == ["none", "satellite"]
    assert load_density_predictor(emulator).describe().corrections == ["none"]


def test_a_correction_of_another_emulator_is_refused() -> None:
    emulator = density_models.store()
    with pytest.raises(ArtefactError, match="corrects thermosphere-density:old, and thermos"):
        load_density_predictor(emulator, store("thermosphere-density:old"))
