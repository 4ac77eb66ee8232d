"""A stored correction by satellites is offered, applied, and tied to its emulator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.contract import FloatArray, State
from models.emulators.emulator import Points
from models.emulators.log_density import LogDensity
from models.emulators.satellite_assimilation import ANALYSIS, DensityAssimilation
from models.emulators.satellite_correction import DensityCorrection
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import ArtefactError
from pipelines import registry, served
from pipelines.thermosphere_density.stored_corrections import (
    SatelliteAssimilation,
    SatelliteCorrection,
    StoredCorrection,
    _samples,
)
from service.champion import load_density_predictor
from service.thermosphere import DENSITY_PATH
from tests.service import density_models
from tests.service.density_requests import good
from tests.service.test_thermosphere import ask, client

START = np.datetime64("2003-06-03T00")


def points(count: int = 400) -> Points:
    """Along something like an orbit, over four weeks."""
    k = np.arange(count)
    time = START.astype("datetime64[s]") + (6048 * k).astype("timedelta64[s]")
    return Points(time, 80 * np.sin(k), (77.0 * k) % 360, 400 + 20 * np.cos(k / 9))


def measured(size: float = 0.5) -> SatelliteSamples:
    """Measurements that are a share of the emulator's densities, with a noise of 5 %."""
    emulator, where = density_models.emulator(), points()
    drivers = density_models.observed(density_models.weather(), START - 48, START + 24 * 30)
    path = emulator.path(drivers, START, START + 24 * 30)
    found = emulator.density(path, where)
    samples = _samples(emulator, drivers, where, found, np.arange(len(where)))
    noise = np.random.default_rng(0).normal(0.0, np.log10(1.05), len(where))
    samples.log_density[:] = found.mean + np.log10(size) + noise
    return samples


def correction() -> DensityCorrection:
    """Fitted on measurements of half the emulator's densities."""
    return DensityCorrection().fit(measured())


def assimilation() -> SatelliteAssimilation:
    """Its correction saw halves; the newest week before the analysis measured thirds."""
    samples, end = measured(), START + 24 * 28
    fitted = DensityAssimilation(DensityCorrection().fit(samples), iterations=3).fit(samples)
    newest = measured(1 / 3)
    return SatelliteAssimilation(fitted, fitted.analyse(newest, end.astype("datetime64[s]")), "v1")


def store(
    emulator_tag: str, name: str = registry.DENSITY_CORRECTION, state: State | None = None
) -> registry.StoredModel:
    return registry.save_model(
        name,
        state or correction().state(),
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
    predictor = density_models.predictor(corrections={"satellite": StoredCorrection(fitted)})
    listed = good()["points"]
    plain = ask(good(), predictor=predictor)["points"][0]
    said = ask({"points": listed, "correction": "satellite"}, predictor=predictor)
    assert said["correction"] == "satellite"
    assert said["points"][0]["median"] == pytest.approx(plain["median"] / 2, rel=0.1)


def after(day: int) -> dict[str, object]:
    """A request for one point so many days after the first measurement."""
    epoch = f"{(START + 24 * day).astype('datetime64[s]')}Z"
    return {"points": [{"epoch": epoch, "latitude": 10, "longitude": 20, "height": 400}]}


def test_an_assimilation_follows_the_newest_errors() -> None:
    fitted = assimilation()
    both = {
        "satellite": StoredCorrection(SatelliteCorrection(fitted.assimilation.correction, "v1")),
        "assimilated": StoredCorrection(fitted, fitted.since),
    }
    predictor = density_models.predictor(corrections=both)
    assert predictor.describe().corrections == ["none", "satellite", "assimilated"]
    body = after(29)
    medians = {
        word: ask({**body, "correction": word}, predictor=predictor)["points"][0]["median"]
        for word in ("none", *both)
    }
    assert medians["satellite"] == pytest.approx(medians["none"] / 2, rel=0.1)
    assert medians["assimilated"] == pytest.approx(medians["none"] / 3, rel=0.15)


def test_nothing_is_asked_of_an_assimilation_before_what_it_has_read() -> None:
    fitted = assimilation()
    both = {"assimilated": StoredCorrection(fitted, fitted.since)}
    predictor = density_models.predictor(corrections=both)
    answer = client(predictor).post(DENSITY_PATH, json={**after(27), "correction": "assimilated"})
    assert answer.status_code == 422
    told = answer.json()["error"]["message"]
    assert "has read measurements up to 2003-07-01T00:00:00Z" in told
    assert "2003-06-30T00:00:00Z is earlier" in told


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


def test_an_assimilation_is_served_beside_the_correction() -> None:
    emulator, fitted = density_models.store(), assimilation()
    state = fitted.assimilation.state()
    known = replace(state, parts={**state.parts, ANALYSIS: fitted.analysis.state()})
    stored = store(emulator.tag, registry.DENSITY_ASSIMILATION, known)
    for model in (emulator, stored):
        registry.promote(model)
    found = served.served_models()
    predictor = load_density_predictor(emulator, None, found[registry.DENSITY_ASSIMILATION])
    assert predictor.describe().corrections == ["none", "assimilated"]
    bare = store(emulator.tag, registry.DENSITY_ASSIMILATION, state)
    with pytest.raises(ArtefactError, match="stored without its analysis"):
        load_density_predictor(emulator, None, bare)


def test_a_correction_of_another_emulator_is_refused() -> None:
    emulator = density_models.store()
    with pytest.raises(ArtefactError, match="corrects thermosphere-density:old, and thermos"):
        load_density_predictor(emulator, store("thermosphere-density:old"))
