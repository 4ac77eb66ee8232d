"""A stored correction by satellites, applied to densities at points.

Its answer is the distribution of what a satellite would measure there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.emulators.satellite_basis import standardised_basis
from models.emulators.satellite_correction import DensityCorrection
from models.emulators.satellite_samples import SatelliteSamples, weather_at
from models.errors import ArtefactError
from pipelines.registry import StoredModel, load_state


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
        order = np.argsort(points.time, kind="stable")
        answer = self.correction.predict(_samples(emulator, drivers, points, found, order))
        mean, std = np.empty(len(points)), np.empty(len(points))
        mean[order], std[order] = answer.mean, answer.std
        return LogDensity(mean, std, answer.shape)


def load_correction(stored: StoredModel, emulator_tag: str) -> SatelliteCorrection:
    """Read a stored correction. Raises ArtefactError, also when it is of another emulator."""
    of = str(stored.metadata["config"].get("emulator"))
    if of != emulator_tag:
        raise ArtefactError(
            f"{stored.tag} corrects {of}, and {emulator_tag} is served; fit it again, or promote "
            "a correction of this emulator"
        )
    return SatelliteCorrection(DensityCorrection.from_state(load_state(stored)), stored.version)


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
