"""Density models of an orbit: stored fields, NRLMSIS, paths of a reduced state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from models.emulators.drivers import COLUMNS, Drivers
from models.errors import ConfigError, ModelError
from models.orbit.density import DensityModel, Together
from models.orbit.flight import fly
from pipelines.datasets.density.msis import msis_density
from pipelines.orbit.field_density import FieldDensity
from pipelines.orbit.msis_density import MsisDensity
from pipelines.orbit.state_density import StateDensity
from tests.models.orbit.cases import BALLISTIC, START, FloatArray, low_orbit
from tests.pipelines.orbit.cases import small_grid, smooth_field

FIRST = START.astype("datetime64[h]")


def fields(hours: int = 5, **changes: object) -> FieldDensity:
    grid = small_grid()
    settings = {"name": "fields", "label": "smooth", "start": START, "grid": grid, "first": FIRST}
    values = smooth_field(grid, hours)
    return FieldDensity(**{**settings, "fields": values, **changes})  # type: ignore[arg-type]


def ask(model: DensityModel, seconds: float, *place: float) -> float:
    arrays = [np.array([value]) for value in place]
    return float(np.log10(model.density(seconds, *arrays, np.array([0]))[0]))


def test_at_a_cell_and_hour_a_field_gives_its_value() -> None:
    model = fields()
    grid = model.grid
    for hour, time, row, level in ((0, 0, 0, 0), (2, 5, 3, 2), (4, 7, 5, 3)):
        longitude = 15 * (grid.local_time[time] - hour)
        found = ask(model, 3600.0 * hour, grid.latitude[row], longitude, grid.height[level])
        assert found == pytest.approx(model.fields[hour, time, row, level], abs=1e-12)


def test_between_cells_it_is_the_mean_of_the_neighbours() -> None:
    model = fields()
    f, grid = model.fields, model.grid
    # Half an hour late, between the last and the first local time, mid latitude and height.
    local = (grid.local_time[-1] + 24) / 2
    south = (grid.latitude[1] + grid.latitude[2]) / 2
    up = (grid.height[0] + grid.height[1]) / 2
    expected = f[np.ix_([1, 2], [7, 0], [1, 2], [0, 1])].mean()
    assert ask(model, 5400.0, south, 15 * (local - 1.5), up) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("count", [8, 9])
def test_across_a_pole_it_goes_on_at_the_opposite_local_time(count: int) -> None:
    grid = type(small_grid()).regular(count, 6, 4, lowest=300.0, highest=450.0)
    model = fields(grid=grid, fields=smooth_field(grid, 2))
    # At the pole itself every longitude agrees, for the field waves once around it.
    found = [ask(model, 0.0, 90.0, longitude, 400.0) for longitude in (0.0, 90.0, 180.0, 270.0)]
    np.testing.assert_allclose(found, found[0], atol=1e-3 if count % 2 else 1e-12)
    assert found[0] == pytest.approx(-11.5 + 0.1 * np.sin(np.radians(87.5)), abs=2e-3)


def test_a_grid_that_has_the_poles_needs_no_row_behind_them() -> None:
    grid = small_grid()
    with_poles = type(grid)(grid.local_time, (-90.0, -30.0, 30.0, 90.0), grid.height)
    model = fields(grid=with_poles, fields=smooth_field(with_poles, 2))
    assert ask(model, 0.0, 90.0, 0.0, 400.0) == pytest.approx(-11.4, abs=1e-12)


def test_hours_without_a_field_are_refused() -> None:
    with pytest.raises(ModelError, match=r"fields: no field 4\.10 h after .* expected 0 to 4 h"):
        ask(fields(), 4.1 * 3600, 0.0, 0.0, 400.0)
    late = fields(first=FIRST + 1)
    with pytest.raises(ModelError, match=r"no field -1\.00 h"):
        ask(late, 0.0, 0.0, 0.0, 400.0)
    with pytest.raises(ModelError, match="expected 2 or more hours"):
        fields(hours=1)


def test_a_satellite_flies_through_fields_to_their_last_hour() -> None:
    flight = fly(low_orbit(), START, 4.0, fields(), ballistic=BALLISTIC, step=30.0)
    assert (flight.density > 1e-13).all()
    with pytest.raises(ModelError, match="no field"):
        fly(low_orbit(), START, 5.0, fields(), ballistic=BALLISTIC, step=30.0)


def drivers(hours: int = 4) -> Drivers:
    """A storm that begins in the third hour."""
    values = np.full((hours, len(COLUMNS)), 15.0)
    for column, name in enumerate(COLUMNS):
        if name.startswith("f107"):
            values[:, column] = 150.0
    values[2:, list(COLUMNS).index("ap")] = 200.0
    return Drivers(FIRST, values)


def test_msis_is_that_of_points_with_the_drivers_of_the_hour() -> None:
    model = MsisDensity(START, drivers())
    times = np.array([START + np.timedelta64(7199, "s")])
    place = np.array([20.0]), np.array([30.0]), np.array([390.0])
    expected = msis_density(times, *place, drivers())[0]
    assert ask(model, 7199.0, 20.0, 30.0, 390.0) == pytest.approx(expected, abs=1e-12)
    assert ask(model, 7201.0, 20.0, 30.0, 390.0) > expected + 0.01
    # The very end of the last hour belongs to it.
    assert np.isfinite(ask(model, 4 * 3600.0, 20.0, 30.0, 390.0))
    assert (model.name, model.label, model.samples) == ("msis-2.1", "NRLMSIS 2.1", 1)
    assert MsisDensity(START, drivers(), "00").label == "NRLMSISE-00"
    with pytest.raises(ConfigError, match=r"NRLMSIS '3' is not known; there is: 2\.1, 2\.0, 00"):
        MsisDensity(START, drivers(), "3")


@dataclass(frozen=True)
class OneComponent:
    """An emulator whose log density is its state, plus a wave of local time."""

    grid = small_grid()
    label = "NRLMSIS 2.1"

    def log_density_of_states(
        self, states: FloatArray, local_times: FloatArray, latitude: FloatArray, height: FloatArray
    ) -> FloatArray:
        assert latitude.shape == height.shape == local_times.shape
        return np.asarray(states[:, 0] + 0.01 * local_times)


def paths(states: FloatArray) -> StateDensity:
    return StateDensity("emulator", "an emulator", OneComponent(), START, FIRST - 1, states)  # type: ignore[arg-type]


def test_each_sample_follows_its_own_path_of_the_state() -> None:
    states = np.array([[0.0, 1.0, 2.0], [0.0, -1.0, -3.0]])[..., None] - 12.0
    model = paths(states)
    assert (model.samples, model.heights) == (2, (300.0, 450.0))
    zeros, longitude = np.zeros(2), np.full(2, 30.0)
    found = model.density(1800.0, zeros, longitude, zeros, np.array([0, 1]))
    # Half an hour after the second state; local time is 0.5 h + 2 h.
    np.testing.assert_allclose(np.log10(found), [-12 + 1.5 + 0.025, -12 - 2.0 + 0.025])
    last = model.density(3600.0, zeros, longitude, zeros, np.array([1, 0]))
    np.testing.assert_allclose(np.log10(last), [-15 + 0.03, -10 + 0.03])
    with pytest.raises(ModelError, match=r"emulator: no state 2\.50 h after .* 0 to 2 h"):
        model.density(5400.0, zeros, longitude, zeros, np.array([0, 1]))


def test_a_forecast_gives_samples_or_its_mean() -> None:
    @dataclass(frozen=True)
    class Path:
        start = FIRST
        mean = np.full((3, 1), -12.0)

        def sample(self, count: int, seed: int) -> FloatArray:
            return np.random.default_rng(seed).normal(size=(count, 3, 1))

    args = (OneComponent(), Path(), START)
    drawn = StateDensity.of_samples("emulator", *args, samples=4, seed=1)  # type: ignore[arg-type]
    assert drawn.samples == 4
    assert drawn.label == "emulator of NRLMSIS 2.1, 4 samples"
    mean = StateDensity.of_mean("dmdc", "DMDc", *args)  # type: ignore[arg-type]
    assert ask(mean, 0.0, 0.0, 0.0, 400.0) == pytest.approx(-12.0)
    assert Together([drawn, mean]).parts == (slice(0, 4), slice(4, 5))
