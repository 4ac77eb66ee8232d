"""Measured densities beside what the emulator says there."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.grid import Grid
from models.emulators.interpolation import FieldTable
from models.emulators.log_density import LogDensity
from models.emulators.satellite_basis import standardised_basis
from models.errors import ModelError
from models.transforms.principal_components import PrincipalComponents
from pipelines.datasets.density.satellite_densities import SatelliteDensities
from pipelines.thermosphere_density.satellite_background import density_samples

GRID = Grid.regular(4, 4, 2, lowest=300.0, highest=500.0)


def densities(height: float = 400.0) -> SatelliteDensities:
    return SatelliteDensities(
        time=np.array(["2003-01-02T06:00:00"], dtype="datetime64[s]"),
        satellite=np.array(["champ"]),
        height=np.array([height]),
        longitude=np.array([90.0]),
        latitude=np.array([10.0]),
        density=np.array([1e-12]),
        reference=np.array([np.nan]),
    )


def components() -> PrincipalComponents:
    """One component, 0.1 at 300 km and 0.3 at 500 km, whose coefficient has a variance of 4."""
    column = np.broadcast_to([0.1, 0.3], GRID.shape).reshape(-1, 1).astype(np.float32)
    nothing = np.zeros(GRID.cells, dtype=np.float32)
    return PrincipalComponents(nothing, column, np.array([4.0]), 4.0, nothing + 1e-6)


def place(measured: SatelliteDensities) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Local time, latitude and height."""
    return measured.local_time, measured.latitude, measured.height


def test_the_basis_is_in_standard_deviations_of_its_coefficient() -> None:
    table = FieldTable.refine(GRID, components().basis)
    assert np.allclose(standardised_basis(table, components(), *place(densities())), [[0.4]])


def test_a_height_outside_the_fields_is_refused() -> None:
    table = FieldTable.refine(GRID, components().basis)
    with pytest.raises(ModelError, match="height 600 km"):
        standardised_basis(table, components(), *place(densities(600.0)))


def test_samples_hold_logarithms_and_the_weather_of_the_time() -> None:
    drivers = Drivers(np.datetime64("2003-01-01T00"), np.full((48, len(COLUMNS)), 90.0))
    background = LogDensity(np.array([-11.9]), np.array([0.02]))
    rows = density_samples(densities(), drivers, background, np.array([[0.4]]))
    assert rows.innovation == pytest.approx([-0.1])
    assert rows.local_time.tolist() == [12.0]
    assert rows.weather.tolist() == [[90.0, 90.0, 90.0]]
