"""The emulator as a whole, on a small world whose fields are known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.contract import FloatArray
from models.emulators.cells import cell_distribution
from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.storage import from_state, to_state
from models.errors import ArtefactError, ModelError
from tests.models.emulators.worlds import (
    GRID,
    HORIZON,
    LOOKBACK,
    drivers,
    fields_of,
    state_of,
    tiny_emulator,
)

HOURS = np.timedelta64(1, "h")


@cache
def world() -> tuple[DensityEmulator, Drivers]:
    return tiny_emulator()


def span(weather: Drivers, first: int, count: int) -> tuple[np.datetime64, np.datetime64]:
    return weather.times[first], weather.times[first + count - 1]


def cell_points(time: np.datetime64, count: int = 96) -> tuple[Points, FloatArray]:
    """Points at cells of the grid, and the numbers of the cells."""
    cells = np.arange(0, GRID.cells, GRID.cells // count)[:count]
    local, latitude, height = (
        part.ravel()[cells]
        for part in np.meshgrid(GRID.local_time, GRID.latitude, GRID.height, indexing="ij")
    )
    hour = float((time - time.astype("datetime64[D]")) / HOURS)
    longitude = (local - hour) * 15.0
    when = np.full(len(cells), time.astype("datetime64[us]"))
    return Points(when, latitude, longitude, height), cells


def test_density_at_the_cells_is_the_field_of_the_forecast() -> None:
    emulator, weather = world()
    path = emulator.path(weather, *span(weather, 1000, 30))
    points, cells = cell_points(path.times[11])
    found = emulator.density(path, points)
    mean, std = cell_distribution(
        emulator.components, path.mean[11:12], path.covariance[11:12], path.left_out[11:12], cells
    )
    assert np.abs(found.mean - mean[0]).max() < 0.02
    assert np.abs(found.std / std[0] - 1).max() < 0.1


def test_density_under_drivers_not_trained_on_is_close_to_the_truth() -> None:
    emulator, _ = world()
    other = drivers(seed=1)
    path = emulator.path(other, *span(other, 500, 150))
    truth = fields_of(state_of(other))[500:650]
    error = emulator.components.reconstruct(path.mean) - truth
    assert np.abs(error).mean() < 0.5 * np.abs(emulator.components.mean - truth).mean()


def test_fields_are_the_medians_of_the_path() -> None:
    emulator, weather = world()
    first, last = span(weather, 900, 100)
    fields = np.concatenate([block.copy() for block in emulator.fields(weather, first, last)])
    path = emulator.path(weather, first, last)
    wanted = 10 ** emulator.components.reconstruct(path.mean).reshape(-1, *GRID.shape)
    assert fields.shape == (100, *GRID.shape)
    assert np.allclose(fields, wanted, rtol=1e-4)


def test_a_span_that_is_no_multiple_of_the_horizon_is_covered_without_overlap() -> None:
    emulator, weather = world()
    whole = emulator.path(weather, *span(weather, 500, HORIZON + 5))
    first = emulator.path(weather, *span(weather, 500, HORIZON))
    assert len(whole) == HORIZON + 5
    assert np.allclose(whole.mean[:HORIZON], first.mean, atol=1e-5)


def test_a_known_start_narrows_the_first_hours() -> None:
    emulator, weather = world()
    past = emulator.components.project(fields_of(state_of(weather)))[1000 - LOOKBACK : 1000]
    first, last = span(weather, 1000, HORIZON)
    known = emulator.path(weather, first, last, past)
    unknown = emulator.path(weather, first, last)
    assert np.trace(known.covariance[0]) < 0.5 * np.trace(unknown.covariance[0])


def test_points_in_any_order_give_the_same_density() -> None:
    emulator, weather = world()
    path = emulator.path(weather, *span(weather, 1000, 20))
    random = np.random.default_rng(0)
    minutes = random.integers(0, 19 * 60, 300)
    points = Points(
        path.times[0].astype("datetime64[m]") + minutes,
        random.uniform(-90, 90, 300),
        random.uniform(-180, 540, 300),
        random.uniform(100, 450, 300),
    )
    order = np.argsort(points.time)
    ordered = Points(
        *(getattr(points, n)[order] for n in ("time", "latitude", "longitude", "height"))
    )
    one, two = emulator.density(path, points), emulator.density(path, ordered)
    assert np.allclose(one.mean[order], two.mean, atol=1e-6)
    assert np.allclose(one.std[order], two.std, atol=1e-6)


def test_samples_at_a_point_have_the_spread_that_is_told() -> None:
    emulator, weather = world()
    path = emulator.path(weather, *span(weather, 1000, 10))
    states = path.sample(4000, seed=0)[:, 5]
    points, _ = cell_points(path.times[5])
    told = emulator.density(path, points)
    for index in np.flatnonzero(points.height > 400)[:4]:
        here = (
            np.full(4000, part[index])
            for part in (points.local_time, points.latitude, points.height)
        )
        drawn = emulator.log_density_of_states(states, *here)
        assert abs(drawn.mean() - told.mean[index]) < 4 * told.std[index] / np.sqrt(4000) + 1e-4
        assert abs(drawn.std() / told.std[index] - 1) < 0.1


def test_it_comes_back_from_its_stored_form() -> None:
    emulator, weather = world()
    again = from_state(to_state(emulator))
    first, last = span(weather, 1000, 15)
    assert np.array_equal(
        again.path(weather, first, last).mean, emulator.path(weather, first, last).mean
    )
    points, _ = cell_points(first)
    path = emulator.path(weather, first, last)
    assert np.array_equal(again.density(path, points).std, emulator.density(path, points).std)


def test_a_damaged_stored_form_is_refused() -> None:
    stored = to_state(world()[0])
    with pytest.raises(ArtefactError, match="not complete"):
        from_state(replace(stored, arrays={}))
    with pytest.raises(ArtefactError, match="expected a stored 'density_emulator'"):
        from_state(replace(stored, kind="lstm"))


def test_drivers_outside_the_training_range_are_told() -> None:
    emulator, weather = world()
    assert emulator.outside(weather) == ()
    values = weather.values.copy()
    values[3, list(COLUMNS).index("f107")] = 400.0
    told = emulator.outside(replace(weather, values=values))
    assert len(told) == 1
    assert told[0].startswith("f107 reaches 400, outside the")


def test_missing_drivers_and_uneven_points_are_refused() -> None:
    emulator, weather = world()
    with pytest.raises(ModelError, match="was asked for; there is"):
        emulator.path(weather, weather.times[3], weather.times[9])
    with pytest.raises(ModelError, match="1 times, 2 latitudes"):
        Points(weather.times[:1], np.zeros(2), np.zeros(1), np.zeros(1))
    with pytest.raises(ModelError, match="known state: expected 12 hours × 3"):
        emulator.path(weather, *span(weather, 100, 5), np.zeros((2, 3)))
    values = weather.values.copy()
    values[7, 0] = np.nan
    with pytest.raises(ModelError, match=r"f107 at 2001-01-01T07 is nan"):
        replace(weather, values=values)
    with pytest.raises(ModelError, match=r"expected hour × 13, got \(3, 2\)"):
        replace(weather, values=np.zeros((3, 2)))
