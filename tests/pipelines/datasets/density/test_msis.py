"""NRLMSIS by grid and by point: the same numbers, driven by the right columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.grid import Grid
from models.errors import ConfigError
from models.transforms.relaxation import RelaxationConfig
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.msis import msis_density, msis_field
from pipelines.datasets.density.msis_source import MsisSource
from pipelines.datasets.density.relaxed import RelaxedSource
from pipelines.datasets.density.sources import hours_between
from tests.pipelines.datasets.density.made import TINY, hour, some_drivers

FIRST = hour("2003-10-29T00")


@pytest.mark.parametrize(
    "grid",
    [
        Grid.regular(24, 4, 3),
        Grid.regular(48, 4, 2),
        Grid.regular(12, 4, 2),
        Grid.regular(10, 4, 2),
        Grid.regular(7, 4, 2),
        Grid.regular(24, 24, 24),
    ],
    ids=lambda grid: str(grid.shape),
)
def test_every_cell_is_the_model_at_the_longitude_of_its_local_time(grid: Grid) -> None:
    drivers = some_drivers(FIRST, 24)
    fields = msis_field(drivers.times, grid, drivers)
    axes = grid.local_time, grid.latitude, grid.height
    some = np.random.default_rng(1)
    row = some.integers(0, 24, 200)
    cell = [some.integers(0, n, 200) for n in grid.shape]
    local_time, latitude, height = (np.asarray(axis)[i] for axis, i in zip(axes, cell, strict=True))
    longitude = (15.0 * (local_time - row)) % 360.0
    points = msis_density(drivers.times[row], latitude, longitude, height, drivers)
    assert np.abs(fields[row, *cell] - points).max() < 2e-5


def test_the_model_reads_the_day_before_the_mean_and_the_seven_ap() -> None:
    read = {"f107_previous", "f107_mean", "ap_daily", "ap", "ap_3", "ap_6", "ap_9"}
    read |= {"ap_12_33", "ap_36_57"}
    drivers = some_drivers(FIRST, 1)
    place = np.array([10.0]), np.array([20.0]), np.array([400.0])
    before = msis_density(drivers.times, *place, drivers)
    for index, name in enumerate(COLUMNS):
        values = drivers.values.copy()
        values[:, index] += 50.0
        moved = msis_density(drivers.times, *place, Drivers(FIRST, values)) != before
        # The daily Ap is not used next to the history, but for the version's own checks.
        assert bool(moved[0]) == (name in read - {"ap_daily"}), name


def test_points_take_the_drivers_of_their_hour() -> None:
    drivers = some_drivers(FIRST, 3)
    moment = np.array(["2003-10-29T01:59:59"], dtype="datetime64[s]")
    place = np.array([10.0]), np.array([20.0]), np.array([400.0])
    only = drivers.between(FIRST + 1, FIRST + 1)
    whole = msis_density(moment, *place, drivers)
    assert np.array_equal(whole, msis_density(moment, *place, only))


def test_versions_differ_and_agree_roughly() -> None:
    drivers = some_drivers(FIRST, 1)
    fields = [msis_field(drivers.times, TINY, drivers, v) for v in ("2.1", "2.0", "00")]
    assert np.abs(fields[0] - fields[2]).max() > 1e-3
    assert np.abs(fields[0] - fields[2]).max() < 0.3
    assert np.abs(fields[0] - fields[1]).max() < 0.3


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"expected 2\.1, 2\.0, 00, got '3'"):
        MsisSource(TINY, some_drivers(FIRST, 1), "3")


def test_names_and_labels_say_what_it_is() -> None:
    source = MsisSource(TINY, some_drivers(FIRST, 1))
    assert (source.name, source.label) == ("msis21", "NRLMSIS 2.1")
    relaxed = RelaxedSource(source)
    assert relaxed.name == "relaxed_msis21"
    assert relaxed.label == "relaxed NRLMSIS 2.1 (test truth)"


def test_a_stored_month_is_the_model_with_its_drivers(tmp_path: Path) -> None:
    drivers = some_drivers(hour("2003-10-30T00"), 96)
    store = generate_snapshots(
        MsisSource(TINY, drivers), drivers.times[0], drivers.times[-1], tmp_path, workers=2
    )
    assert np.array_equal(
        store.read(store.first, store.last), msis_field(drivers.times, TINY, drivers)
    )
    assert np.array_equal(store.drivers.values, drivers.values)


def test_the_relaxed_truth_does_not_depend_on_where_a_run_begins(tmp_path: Path) -> None:
    last = hour("2003-11-02T11")
    early, late = hour("2003-10-31T12"), hour("2003-11-01T00")
    begin = early - RelaxedSource.history_of(RelaxationConfig())
    drivers = some_drivers(begin, len(hours_between(begin, last)))
    values = drivers.values.copy()
    values[-100:-60, list(COLUMNS).index("ap")] = 250.0
    source = RelaxedSource(MsisSource(TINY, Drivers(begin, values)))
    whole = generate_snapshots(source, early, last, tmp_path / "whole")
    part = generate_snapshots(source, late, last, tmp_path / "part")
    assert np.array_equal(whole.read(late, last), part.read(late, last))
    plain = msis_field(part.times, TINY, source.base.drivers)
    assert (part.read(late, last) - plain)[..., -1].min() < -0.05
