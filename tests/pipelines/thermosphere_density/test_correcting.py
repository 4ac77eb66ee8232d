"""Correction and assimilation are fitted to a file and stored as versions of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.emulators.driver_hours import hourly_drivers
from models.emulators.satellite_assimilation import ANALYSIS, Analysis, DensityAssimilation
from models.emulators.satellite_correction import DensityCorrection
from models.emulators.satellite_samples import SatelliteSamples
from models.emulators.storage import to_state
from pipelines import registry
from pipelines.datasets.density.satellite_densities import SatelliteDensities
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.thermosphere_density import correcting
from pipelines.thermosphere_density.correcting import train_corrections
from pipelines.thermosphere_density.real_satellites import emulator_answer, satellite_samples
from tests.models.emulators import worlds

START = np.datetime64("2001-02-01T00:30:00", "s")


def halved(count: int = 320) -> SatelliteDensities:
    """Densities at half of what the emulator says, five a day, of two satellites."""
    k = np.arange(count)
    random = np.random.default_rng(0)
    placed = SatelliteDensities(
        time=START + (17280 * k).astype("timedelta64[s]"),
        satellite=np.where(k % 2, "one", "two"),
        height=np.full(count, 400.0) + 20 * np.cos(k),
        longitude=(77.0 * k) % 360 - 180,
        latitude=80 * np.sin(1.7 * k),
        density=np.ones(count),
        reference=np.full(count, np.nan),
    )
    emulator = worlds.tiny_emulator()[0]
    first, last = placed.time[0].astype("datetime64[h]"), placed.time[-1].astype("datetime64[h]")
    drivers = hourly_drivers(open_space_weather(), first - 48, last + 2)
    found = emulator_answer(emulator, placed, drivers)
    noise = np.exp(random.normal(0, 0.05, count))
    placed.density[:] = 0.5 * 10.0**found.mean * noise
    return placed


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    # Two iterations of the likelihood are enough to be stored.
    monkeypatch.setattr(correcting, "DensityAssimilation", lambda c: DensityAssimilation(c, 2))


def test_both_are_stored_with_the_emulator_that_they_belong_to() -> None:
    emulator = worlds.tiny_emulator()[0]
    name = registry.THERMOSPHERE_DENSITY
    stored = registry.save_model(
        name, to_state(emulator), {}, metrics={}, config={}, data={"hash": "x"}, seed=0
    )
    measured = halved()
    correction, assimilation = train_corrections(measured, stored, "abc")
    assert correction.name == registry.DENSITY_CORRECTION
    assert assimilation.name == registry.DENSITY_ASSIMILATION
    for one in (correction, assimilation):
        assert one.metadata["config"] == {"emulator": stored.tag}
        assert one.metadata["data"]["samples"] == 320
        assert one.metadata["data"]["hash"] == "abc"
    samples = satellite_samples(measured, emulator)
    fitted = DensityCorrection.from_state(registry.load_state(correction))
    bias = fitted.bias(samples)
    assert abs(np.median(bias) - np.log10(0.5)) < 0.05
    state = registry.load_state(assimilation)
    known = Analysis.from_state(state.parts[ANALYSIS])
    assert set(known.satellites) == {"one", "two"}
    answer = DensityAssimilation.from_state(state).predict(known, _later(samples))
    assert np.isfinite(answer.mean).all()


def _later(samples: SatelliteSamples) -> SatelliteSamples:
    """The same places a year later."""
    return replace(samples, time=samples.time + np.timedelta64(365, "D"))
