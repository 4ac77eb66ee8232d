"""Fields between the cells of their grid."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.emulators.grid import Grid, local_time
from models.emulators.interpolation import FieldTable
from models.errors import ConfigError, ModelError

GRID = Grid.regular()


def smooth(local: FloatArray, latitude: FloatArray, height: FloatArray) -> FloatArray:
    """A field that is smooth on the sphere, in log density: a bulge away from the pole."""
    phase, north = 2 * np.pi * local / 24, np.radians(latitude)
    bulge = np.cos(north) * np.cos(phase - 3.5) + 0.3 * np.sin(north)
    return np.asarray(-7 - 5 * ((height - 90) / 360) ** 0.5 + 0.2 * bulge * height / 400)


def table() -> FieldTable:
    cells = np.meshgrid(GRID.local_time, GRID.latitude, GRID.height, indexing="ij")
    return FieldTable.refine(GRID, smooth(*cells).reshape(-1, 1))


def points(count: int = 500) -> tuple[FloatArray, FloatArray, FloatArray]:
    random = np.random.default_rng(0)
    return (
        random.uniform(0, 24, count),
        random.uniform(-90, 90, count),
        random.uniform(150, 450, count),
    )


def test_a_smooth_field_is_found_between_cells_and_over_the_poles() -> None:
    where = points()
    found = table().at(*where).numpy()[:, 0]
    assert np.abs(found - smooth(*where)).max() < 2e-3


def test_the_values_of_the_grid_itself_are_kept() -> None:
    local, latitude, height = (
        part.ravel() for part in np.meshgrid([0.0, 8.0], [0.0], GRID.height, indexing="ij")
    )
    found = table().at(local, latitude, height).numpy()[:, 0]
    assert np.abs(found - smooth(local, latitude, height)).max() < 1e-4


def test_local_time_is_periodic() -> None:
    _, latitude, height = points(50)
    before = table().at(np.full(50, 23.9999), latitude, height)
    after = table().at(np.full(50, 24.0001), latitude, height)
    assert np.abs((before - after).numpy()).max() < 1e-4
    assert np.allclose(
        table().at(np.full(50, -1.5), latitude, height),
        table().at(np.full(50, 22.5), latitude, height),
    )


def test_all_local_times_meet_at_a_pole() -> None:
    local = np.linspace(0, 23, 24)
    for pole in (-90.0, 90.0):
        found = table().at(local, np.full(24, pole), np.full(24, 400.0)).numpy()
        assert np.ptp(found) < 5e-3


def test_a_field_moves_continuously_across_a_pole() -> None:
    near = table().at(np.array([3.0]), np.array([89.99]), np.array([400.0]))
    behind = table().at(np.array([15.0]), np.array([89.99]), np.array([400.0]))
    assert abs(float(near - behind)) < 1e-3


def test_points_outside_are_refused_with_the_range() -> None:
    at = table().at
    with pytest.raises(ModelError, match=r"height 99 km of point 1: expected 100 to 450 km"):
        at(np.zeros(2), np.zeros(2), np.array([200.0, 99.0]))
    with pytest.raises(ModelError, match=r"height nan km"):
        at(np.zeros(1), np.zeros(1), np.array([np.nan]))
    with pytest.raises(ModelError, match=r"latitude 91 of point 0: expected -90 to 90"):
        at(np.zeros(1), np.array([91.0]), np.array([200.0]))


def test_local_time_runs_with_longitude_and_universal_time() -> None:
    found = local_time(np.array([0.0, 12.0, 23.0]), np.array([90.0, 180.0, 30.0]))
    assert found.tolist() == [6.0, 0.0, 1.0]


def test_a_grid_with_the_pole_itself_is_not_folded_twice() -> None:
    grid = Grid(GRID.local_time, tuple(np.linspace(-90, 90, 19)), GRID.height)
    cells = np.meshgrid(grid.local_time, grid.latitude, grid.height, indexing="ij")
    found = FieldTable.refine(grid, smooth(*cells).reshape(-1, 1))
    where = points(100)
    assert np.abs(found.at(*where).numpy()[:, 0] - smooth(*where)).max() < 2e-3


def test_what_is_no_grid_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"grid\.local_time"):
        Grid((0.0, 1.0, 2.0, 5.0), GRID.latitude, GRID.height)
    with pytest.raises(ConfigError, match=r"grid\.latitude"):
        Grid(GRID.local_time, (-10.0, 0.0, 10.0, 30.0), GRID.height)
    with pytest.raises(ConfigError, match=r"grid\.height.*from 90 to 1000"):
        Grid.regular(highest=2000.0)
    assert GRID.shape == (24, 20, 16)
    assert GRID.cells == 7680
