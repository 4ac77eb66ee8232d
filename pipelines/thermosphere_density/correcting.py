"""Fit correction and assimilation to satellites, and store both as versions of their own.

Both belong to one version of the emulator, whose errors they describe.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from models.contract import State
from models.emulators.satellite_assimilation import ANALYSIS, DensityAssimilation
from models.emulators.satellite_correction import DensityCorrection
from models.emulators.satellite_samples import SatelliteSamples
from models.emulators.storage import from_state
from pipelines.datasets.density.satellite_densities import SatelliteDensities
from pipelines.registry import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    StoredModel,
    load_state,
    save_model,
)
from pipelines.thermosphere_density.real_satellites import satellite_samples

#: Seconds between samples of one satellite at least, a quarter of an orbit: errors of nearer
#: ones are alike, and the fits take samples for independent.
APART = 1400.0


def train_corrections(
    measured: SatelliteDensities, emulator: StoredModel, data_hash: str
) -> tuple[StoredModel, StoredModel]:
    """Fit both to the samples, thinned, and store them; return the correction and the assimilation.

    Raises DataError where the samples cannot be used with this emulator, ModelError for too
    few of them.
    """
    samples = satellite_samples(measured, from_state(load_state(emulator))).thinned(APART)
    correction = DensityCorrection().fit(samples)
    assimilation = DensityAssimilation(correction).fit(samples)
    end = samples.time[-1] + np.timedelta64(1, "s")
    analysis = assimilation.analyse(samples, end)
    state = assimilation.state()
    known = replace(state, parts={**state.parts, ANALYSIS: analysis.state()})
    about = _about(samples, emulator, data_hash)
    return (
        _store(DENSITY_CORRECTION, correction.state(), about),
        _store(DENSITY_ASSIMILATION, known, about),
    )


def _store(name: str, state: State, about: dict[str, Any]) -> StoredModel:
    return save_model(name, state, {}, metrics={}, seed=0, **about)


def _about(samples: SatelliteSamples, emulator: StoredModel, data_hash: str) -> dict[str, Any]:
    """What tells this fit from another."""
    data = {
        "hash": data_hash,
        "first": str(samples.time[0].astype("datetime64[D]")),
        "last": str(samples.time[-1].astype("datetime64[D]")),
        "series": len(np.unique(samples.satellite)),
        "samples": len(samples),
    }
    return {"config": {"emulator": emulator.tag}, "data": data}
