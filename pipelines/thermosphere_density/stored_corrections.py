"""Stored corrections by satellites, applied to densities at points.

Their answer is the distribution of what a satellite would measure there: by the mean errors
of the emulator, or by its newest errors too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.emulators.satellite_assimilation import (
    ANALYSIS,
    Analysis,
    DensityAssimilation,
)
from models.emulators.satellite_basis import standardised_basis
from models.emulators.satellite_correction import DensityCorrection
from models.emulators.satellite_samples import SatelliteSamples, weather_at
from models.errors import ArtefactError
from pipelines.registry import StoredModel, load_state

#: Corrects densities at points; the drivers reach from a day before them to their end.
Correct = Callable[[DensityEmulator, Drivers, Points, LogDensity], LogDensity]


@dataclass(frozen=True)
class StoredCorrection:
    """What may be asked for beside the emulator.

    apply   corrects densities at points
    since   the moment up to which it has read measurements: it forecasts from there on;
            None where it holds at all times
    """

    apply: Correct
    since: np.datetime64 | None = None


@dataclass(frozen=True)
class SatelliteCorrection:
    """A fitted correction, and the version that is stored."""

    correction: DensityCorrection
    version: str

    def __call__(
        self, emulator: DensityEmulator, drivers: Drivers, points: Points, found: LogDensity
    ) -> LogDensity:
        """What a satellite would measure.

        drivers  from a day before the first point on

        Raises ModelError where these do not reach.
        """
        return _in_order_of_time(self.correction.predict, emulator, drivers, points, found)


@dataclass(frozen=True)
class SatelliteAssimilation:
    """A fitted assimilation, what it knows after its newest measurement, its stored version."""

    assimilation: DensityAssimilation
    analysis: Analysis
    version: str

    @property
    def since(self) -> np.datetime64:
        """The moment of the analysis."""
        second = int(np.ceil(self.analysis.belief.day * 86400.0))
        return np.datetime64(second, "s")

    def __call__(
        self, emulator: DensityEmulator, drivers: Drivers, points: Points, found: LogDensity
    ) -> LogDensity:
        """What a satellite that is not among the known ones would measure, after the analysis.

        drivers  from a day before the first point on

        Raises ModelError where these do not reach, or for points before the analysis.
        """

        def predict(samples: SatelliteSamples) -> LogDensity:
            return self.assimilation.predict(self.analysis, samples)

        return _in_order_of_time(predict, emulator, drivers, points, found)


def load_corrections(
    correction: StoredModel | None, assimilation: StoredModel | None, emulator_tag: str
) -> dict[str, StoredCorrection]:
    """What is stored beside an emulator, by the word that asks for it.

    Raises ArtefactError, also when one is of another emulator.
    """
    found: dict[str, StoredCorrection] = {}
    if correction is not None:
        found["satellite"] = StoredCorrection(load_correction(correction, emulator_tag))
    if assimilation is not None:
        loaded = load_assimilation(assimilation, emulator_tag)
        found["assimilated"] = StoredCorrection(loaded, loaded.since)
    return found


def load_correction(stored: StoredModel, emulator_tag: str) -> SatelliteCorrection:
    """Read a stored correction. Raises ArtefactError, also when it is of another emulator."""
    _refuse_another(stored, emulator_tag)
    return SatelliteCorrection(DensityCorrection.from_state(load_state(stored)), stored.version)


def load_assimilation(stored: StoredModel, emulator_tag: str) -> SatelliteAssimilation:
    """Read a stored assimilation with its analysis. Raises ArtefactError as above."""
    _refuse_another(stored, emulator_tag)
    state = load_state(stored)
    if ANALYSIS not in state.parts:
        raise ArtefactError(f"{stored.tag} was stored without its analysis; fit it again")
    analysis = Analysis.from_state(state.parts[ANALYSIS])
    return SatelliteAssimilation(DensityAssimilation.from_state(state), analysis, stored.version)


def _refuse_another(stored: StoredModel, emulator_tag: str) -> None:
    from pipelines.served import reason_against

    reason = reason_against(stored, emulator_tag)
    if reason is not None:
        raise ArtefactError(reason)


def _in_order_of_time(
    predict: Callable[[SatelliteSamples], LogDensity],
    emulator: DensityEmulator,
    drivers: Drivers,
    points: Points,
    found: LogDensity,
) -> LogDensity:
    order = np.argsort(points.time, kind="stable")
    answer = predict(_samples(emulator, drivers, points, found, order))
    mean, std = np.empty(len(points)), np.empty(len(points))
    mean[order], std[order] = answer.mean, answer.std
    return LogDensity(mean, std, answer.shape)


def _samples(
    emulator: DensityEmulator,
    drivers: Drivers,
    points: Points,
    found: LogDensity,
    order: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> SatelliteSamples:
    time = points.time[order].astype("datetime64[s]")
    place = points.local_time, points.latitude, points.height
    return SatelliteSamples(
        time=time,
        satellite=np.full(len(order), "", dtype=np.str_),
        local_time=points.local_time[order],
        latitude=points.latitude[order],
        height=points.height[order],
        weather=weather_at(drivers, time),
        basis=standardised_basis(emulator.table, emulator.components, *place)[order],
        background_mean=found.mean[order],
        background_std=found.std[order],
        log_density=np.full(len(order), np.nan),
    )
