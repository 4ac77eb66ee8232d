"""A folder of fields: written month by month, read in blocks, gone on with, never mixed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.emulators.grid import FloatArray, Grid
from models.errors import ConfigError, DataError, DependencyError
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.sources import HourArray, hours_between
from pipelines.datasets.density.store import SnapshotStore
from tests.pipelines.datasets.density.made import (
    START,
    CountingSource,
    counted,
    counting_store,
    hour,
    some_drivers,
)


def stop_after(pieces: int) -> Callable[[int, int], None]:
    """Progress that ends a run after the piece that follows so many."""

    def told(done: int, _: int) -> None:
        if done > pieces:
            raise RuntimeError("stopped")

    return told


class DyingSource(CountingSource):
    """A source whose process is killed in February."""

    def compute(self, hours: HourArray) -> FloatArray:
        if hours[0] >= hour("2003-02-01T00"):
            os._exit(1)
        return super().compute(hours)


def test_what_is_read_is_what_was_made_in_a_file_per_month(tmp_path: Path) -> None:
    store = counting_store(tmp_path)
    assert sorted(p.name for p in tmp_path.glob("*.nc")) == ["2003-01.nc", "2003-02.nc"]
    fields = store.read(store.first, store.last)
    assert fields.dtype == np.float32
    assert np.array_equal(fields, counted(store.times))
    assert (len(store), store.years, store.label) == (96, (2003,), "hours counted")


@pytest.mark.parametrize("size", [1, 7, 48, 96, 1000])
def test_blocks_of_any_size_join_to_the_whole(size: int, tmp_path: Path) -> None:
    store = counting_store(tmp_path)
    blocks = list(store.iterate(size))
    assert all(len(times) == min(size, 96) for times, _ in blocks[:-1])
    assert np.array_equal(np.concatenate([times for times, _ in blocks]), store.times)
    assert np.array_equal(np.concatenate([block for _, block in blocks]), counted(store.times))


def test_a_window_across_two_months_is_read_from_both(tmp_path: Path) -> None:
    store = counting_store(tmp_path)
    first, last = hour("2003-01-31T22"), hour("2003-02-01T03")
    assert np.array_equal(store.read(first, last), counted(hours_between(first, last)))
    part = store.between(first, last)
    assert (len(part), part.times[0], part.times[-1]) == (6, first, last)
    assert np.array_equal(next(iter(part.iterate(100)))[1], counted(part.times))


def test_drivers_come_back_for_the_hours_that_are_read(tmp_path: Path) -> None:
    drivers = some_drivers(START, 96)
    store = counting_store(tmp_path, drivers=drivers)
    assert np.array_equal(store.drivers.values, drivers.values)
    part = store.between(hour("2003-01-31T22"), hour("2003-02-01T03"))
    assert np.array_equal(part.drivers.values, drivers.values[46:52])
    assert part.drivers.start == hour("2003-01-31T22")


def test_a_store_without_drivers_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no drivers \(f107, .* space weather covers"):
        _ = counting_store(tmp_path).drivers


def test_outsiders_read_names_units_and_times(tmp_path: Path) -> None:
    import xarray as xr

    counting_store(tmp_path, drivers=some_drivers(START, 96))
    with xr.open_dataset(tmp_path / "2003-01.nc") as data:
        assert data["time"].values[0] == np.datetime64("2003-01-30T00")
        assert data["log10_density"].dims == ("time", "local_time", "latitude", "height")
        assert data["local_time"].values.tolist() == [0, 6, 12, 18]
        assert data["height"].attrs["units"] == "km"
        assert data.attrs["source"] == "hours counted"
        assert data.attrs["Conventions"].startswith("CF-")
        assert all("units" in data[name].attrs for name in data.data_vars)


def test_finished_months_are_not_made_again(tmp_path: Path) -> None:
    first = counting_store(tmp_path)
    again = CountingSource()
    store = generate_snapshots(again, START, START + 95, tmp_path)
    assert again.computed == []
    assert store.data_hash == first.data_hash


def test_a_missing_file_is_made_again_and_no_other(tmp_path: Path) -> None:
    first = counting_store(tmp_path)
    (tmp_path / "2003-01.nc").unlink()
    again = CountingSource()
    store = generate_snapshots(again, START, START + 95, tmp_path)
    assert again.computed == list(hours_between(START, START + 47))
    assert store.data_hash == first.data_hash


def test_a_later_end_adds_hours_and_replaces_only_the_month_that_grows(tmp_path: Path) -> None:
    counting_store(tmp_path, hours=72)
    source = CountingSource()
    store = generate_snapshots(source, START, START + 95, tmp_path)
    assert source.computed == list(hours_between(START + 48, START + 95))
    assert np.array_equal(store.read(store.first, store.last), counted(store.times))


def test_a_run_for_part_of_a_month_keeps_its_other_hours(tmp_path: Path) -> None:
    counting_store(tmp_path)
    generate_snapshots(CountingSource(), START + 90, START + 130, tmp_path)
    whole = SnapshotStore.open(tmp_path)
    assert (whole.first, whole.last) == (START, START + 130)
    assert np.array_equal(whole.read(whole.first, whole.last), counted(whole.times))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"setting": 2.0}, "setting 1.0, not 2.0"),
        ({"name": "other"}, "source counting, not other"),
        ({"grid": Grid.regular(4, 4, 3)}, "grid.height 100,450, not 100,275,450"),
        ({"grid": Grid.regular(6, 4, 2)}, "grid.local_time 0,6,12,18, not 0..20 "),
    ],
)
def test_other_settings_are_refused(
    change: dict[str, object], expected: str, tmp_path: Path
) -> None:
    counting_store(tmp_path)
    with pytest.raises(ConfigError) as caught:
        counting_store(tmp_path, **change)
    assert expected in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))


@pytest.mark.parametrize("change", [{"mark": "new file"}, {"drivers": some_drivers(START, 96)}])
def test_other_inputs_of_a_finished_month_are_refused(
    change: dict[str, object], tmp_path: Path
) -> None:
    counting_store(tmp_path, mark="old file")
    with pytest.raises(DataError, match=r"2003-01\.nc: was made with other drivers or files"):
        counting_store(tmp_path, **{"mark": "old file", **change})


def test_a_second_run_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    met = []

    def another(*_: int) -> None:
        with pytest.raises(ConfigError, match="another run is writing here"):
            counting_store(tmp_path)
        met.append(True)

    generate_snapshots(CountingSource(), START, START + 3, tmp_path, progress=another)
    assert met == [True, True]


def test_what_a_killed_run_left_behind_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".2003-01.nc.abc123").write_bytes(b"half a file")
    counting_store(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        ".lock",
        "2003-01.nc",
        "2003-02.nc",
        "manifest.json",
    ]


def test_fields_in_several_processes_are_those_of_one(tmp_path: Path) -> None:
    one = counting_store(tmp_path / "one")
    told: list[tuple[int, int]] = []
    two = generate_snapshots(
        CountingSource(),
        START,
        START + 95,
        tmp_path / "two",
        workers=2,
        progress=lambda *done: told.append(done),
    )
    assert two.data_hash == one.data_hash
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_finished_months_of_a_folder_that_is_not_complete_can_be_used(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stopped"):
        generate_snapshots(CountingSource(), START, START + 95, tmp_path, progress=stop_after(1))
    january = START, START + 47
    store = generate_snapshots(CountingSource(), *january, tmp_path)
    assert np.array_equal(store.read(*january), counted(hours_between(*january)))
    assert len(SnapshotStore.open(tmp_path, *january)) == 48
    with pytest.raises(DataError, match="fields from 2003-02-01T00 on are missing"):
        SnapshotStore.open(tmp_path)


def test_a_worker_that_dies_is_told_and_what_is_finished_stays(tmp_path: Path) -> None:
    source = DyingSource()
    with pytest.raises(DependencyError, match="fewer --workers: it goes on where it stopped"):
        generate_snapshots(source, START, START + 95, tmp_path, workers=2)
    with pytest.raises(DataError, match="not complete: fields from 2003-0"):
        SnapshotStore.open(tmp_path)


def test_the_hash_tells_fields_apart(tmp_path: Path) -> None:
    hashes = {
        counting_store(tmp_path / "a").data_hash,
        counting_store(tmp_path / "b", setting=2.0).data_hash,
        counting_store(tmp_path / "c", hours=95).data_hash,
        counting_store(tmp_path / "d", drivers=some_drivers(START, 96)).data_hash,
    }
    assert len(hashes) == 4
