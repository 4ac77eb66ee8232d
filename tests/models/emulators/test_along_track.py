"""Densities along an orbit, under paths of the emulator."""

from __future__ import annotations

import numpy as np
import pytest

from models.emulators.along_track import PathDensity
from models.emulators.emulator import Points
from models.errors import ModelError
from models.orbit.density import DensityModel
from tests.models.emulators.worlds import tiny_emulator


def test_the_median_path_gives_the_median_density_of_a_query() -> None:
    emulator, weather = tiny_emulator()
    path = emulator.path(weather, weather.times[500], weather.times[509])
    along = PathDensity.median("emulator", "median", emulator, path)
    assert isinstance(along, DensityModel)
    assert along.samples == 1
    assert along.heights == (100.0, 450.0)
    seconds = 4.25 * 3600.0
    latitude, longitude = np.array([-70.0, 0.0, 45.0]), np.array([10.0, 200.0, -80.0])
    height = np.array([150.0, 300.0, 420.0])
    found = along.density(seconds, latitude, longitude, height, np.zeros(3, dtype=np.int64))
    when = path.start.astype("datetime64[ms]") + np.timedelta64(int(seconds * 1000), "ms")
    asked = emulator.density(path, Points(np.full(3, when), latitude, longitude, height))
    assert np.allclose(found, asked.median_density, rtol=1e-4)


def test_every_point_follows_the_path_of_its_sample() -> None:
    emulator, weather = tiny_emulator()
    path = emulator.path(weather, weather.times[500], weather.times[509])
    along = PathDensity.sampled("emulator", emulator, path, samples=3, seed=0)
    place = np.full(3, 20.0), np.full(3, 20.0), np.full(3, 400.0)
    each = along.density(3600.0, *place, np.arange(3))
    assert len(np.unique(each)) == 3
    same = along.density(3600.0, *place, np.array([1, 1, 1]))
    assert np.allclose(same, each[1])


def test_hours_that_were_not_forecast_are_refused() -> None:
    emulator, weather = tiny_emulator()
    path = emulator.path(weather, weather.times[500], weather.times[509])
    along = PathDensity.median("emulator", "median", emulator, path)
    with pytest.raises(ModelError, match=r"emulator: 9\.50 hours after .*: expected 0 to 9"):
        along.density(9.5 * 3600, *(np.full(1, 300.0),) * 2, np.full(1, 300.0), np.zeros(1, int))
