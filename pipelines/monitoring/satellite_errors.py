"""Measured densities against NRLMSIS 2.1 at their points, for reports of drift."""

from __future__ import annotations

import numpy as np

from models.emulators.driver_hours import hourly_drivers
from models.emulators.satellite_samples import weather_at
from pipelines.datasets.density.msis import msis_density
from pipelines.datasets.density.satellite_densities import SatelliteDensities
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.monitoring.satellite_channels import DatedErrors

#: Hours of space weather that are read before the first measurement.
_BEFORE = 48


def dated_errors(measured: SatelliteDensities) -> DatedErrors:
    """Log of measured over modelled density. Raises DataError where space weather is unknown."""
    first, last = (measured.time[i].astype("datetime64[h]") for i in (0, -1))
    drivers = hourly_drivers(open_space_weather(), first - _BEFORE, last + 1)
    modelled = msis_density(
        measured.time, measured.latitude, measured.longitude, measured.height, drivers
    )
    return DatedErrors(
        measured.time,
        measured.satellite,
        np.log(measured.density) - np.log(10.0) * modelled,
        weather_at(drivers, measured.time)[:, 1],
    )
