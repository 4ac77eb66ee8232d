"""Measured densities beside a background model: what correction and assimilation read."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.emulators.log_density import LogDensity
from models.emulators.satellite_samples import SatelliteSamples, weather_at
from pipelines.datasets.density.satellite_densities import SatelliteDensities


def density_samples(
    densities: SatelliteDensities, drivers: Drivers, background: LogDensity, basis: FloatArray
) -> SatelliteSamples:
    """Join measurements, space weather known by each time, and the background's answers.

    Raises ModelError for times without space weather, or an answer that is not finite.
    """
    return SatelliteSamples(
        time=densities.time,
        satellite=densities.satellite,
        local_time=densities.local_time,
        latitude=densities.latitude,
        height=densities.height,
        weather=weather_at(drivers, densities.time),
        basis=basis,
        background_mean=background.mean,
        background_std=background.std,
        log_density=np.log10(densities.density),
    )
