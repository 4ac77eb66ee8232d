"""Samples of satellites: shapes, order, thinning, known weather."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.satellite_design import bias_design, mode_design, noise_design
from models.emulators.satellite_samples import SatelliteSamples, weather_at
from models.errors import ModelError
from tests.models.emulators.satellite_worlds import samples


def hours(count: int) -> Drivers:
    """Each column is 1000 × its place plus the hour."""
    places = 1000.0 * np.arange(len(COLUMNS))
    return Drivers(np.datetime64("2003-01-01T00"), places + np.arange(count)[:, None])


def test_weather_ends_with_the_day_before_and_the_three_hours_before() -> None:
    names = list(COLUMNS)
    got = weather_at(hours(72), np.array(["2003-01-02T05:40:00"], dtype="datetime64[s]"))
    expected = [
        1000 * names.index("f107_previous") + 29,
        1000 * names.index("f107_trailing") + 5,
        1000 * names.index("ap_3") + 29,
    ]
    assert got.tolist() == [expected]


def test_weather_of_a_time_without_a_day_before_is_refused() -> None:
    with pytest.raises(ModelError, match="need space weather from the day before"):
        weather_at(hours(72), np.array(["2003-01-01T05:00"], dtype="datetime64[s]"))


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(ModelError, match="height: expected 10 rows"):
        replace(samples(10), height=np.full(9, 400.0))


def test_a_missing_background_is_refused_but_a_missing_density_is_not() -> None:
    world = samples(10)
    gap = np.where(np.arange(10) == 3, np.nan, 0.0)
    assert np.isnan(replace(world, log_density=gap).innovation[3])
    with pytest.raises(ModelError, match="background_mean: expected finite numbers, row 3"):
        replace(world, background_mean=gap)


def test_rows_out_of_order_are_refused() -> None:
    with pytest.raises(ModelError, match="rising order"):
        replace(samples(10), time=samples(10).time[::-1])


def test_weather_of_another_width_is_refused() -> None:
    with pytest.raises(ModelError, match="expected weather"):
        replace(samples(10), weather=np.ones((10, 2)))


def test_joined_rows_are_in_order_of_time() -> None:
    world = samples(10)
    back = SatelliteSamples.joined([world.select(slice(5, 10)), world.select(slice(0, 5))])
    assert np.array_equal(back.time, world.time)
    assert np.array_equal(back.log_density, world.log_density)


def test_thinning_keeps_the_first_row_of_each_satellite_in_a_window() -> None:
    world = samples(8, satellites=("a", "b"))
    assert world.thinned(86400.0 * 400).satellite.tolist() == ["a", "b"]
    assert len(world.thinned(60.0)) == 8


def test_the_bias_has_three_functions_of_flux_per_component() -> None:
    world = samples(3)
    flat = replace(world, weather=np.tile([220.0, 200.0, 7.0], (3, 1)))
    design = bias_design(flat)
    assert design.shape == (3, 2 * 3)
    # The leading component is 0.4; twice the reference flux is a sixteenth.
    assert np.allclose(design[0, :3], [0.4, 0.4 / 16.0, 0.4 * np.log(1.1)])


def test_modes_shrink_where_the_thermosphere_is_warm() -> None:
    world = samples(2)
    flux = np.array([[100.0, 100.0, 7.0], [200.0, 200.0, 7.0]])
    lead = mode_design(replace(world, weather=flux))[:, 0]
    # Jacchia: 379 + 3.24 F is 703 K and 1,027 K.
    assert np.allclose(lead, [0.4, 0.4 * 703.0 / 1027.0])


def test_day_and_night_have_opposite_signs_at_the_equator() -> None:
    world = replace(samples(2), latitude=np.zeros(2), local_time=np.array([0.0, 12.0]))
    day = mode_design(world)[:, 1]
    assert day[0] < 0 < day[1]


def test_noise_columns_are_zero_at_the_reference() -> None:
    world = replace(
        samples(1),
        weather=np.array([[100.0, 100.0, np.exp(2.0) - 1.0]]),
        height=np.array([450.0]),
        latitude=np.array([10.0]),
        local_time=np.array([6.0]),
    )
    assert np.allclose(noise_design(world), [[1, 0, 0, 0, 1, 0, 0]])
