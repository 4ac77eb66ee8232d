"""Blocks of hours: cut so that an answer depends on its own epoch alone, and kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from models.emulators.drivers import Drivers
from models.emulators.emulator import Points
from models.errors import ModelError
from pipelines.thermosphere_density.paths import (
    GROUP_BLOCKS,
    KEPT_BLOCKS,
    BlockPaths,
    ceiled,
    part,
    runs,
)
from tests.service import density_models

LAST = np.datetime64("2003-11-30T15", "h")


@dataclass
class Counting:
    """Known drivers until LAST; the spans that were read are listed."""

    spans: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, first: np.datetime64, last: np.datetime64) -> Drivers:
        self.spans.append((str(first), str(last)))
        if last > LAST:
            raise ModelError("beyond the end")
        return density_models.observed(density_models.weather(), first, last)


def points(*times: str) -> Points:
    size = len(times)
    place = (np.full(size, value) for value in (10.0, 20.0, 400.0))
    return Points(np.array(times, dtype="datetime64[us]"), *place)


def paths() -> tuple[BlockPaths, Counting]:
    read = Counting()
    return BlockPaths(density_models.emulator(), read, LAST), read


def test_neighbouring_numbers_are_runs_of_bounded_length() -> None:
    assert runs(np.array([1, 2, 3, 7, 9, 10])) == [(1, 3), (7, 7), (9, 10)]
    long = runs(np.arange(GROUP_BLOCKS + 2))
    assert long == [(0, GROUP_BLOCKS - 1), (GROUP_BLOCKS, GROUP_BLOCKS + 1)]
    assert runs(np.array([], dtype=np.int64)) == []


def test_an_epoch_needs_the_hour_after_it_unless_it_is_one() -> None:
    times = np.array(["2003-08-10T12:00", "2003-08-10T12:00:00.000001"], "datetime64[us]")
    assert [str(time) for time in ceiled(times)] == ["2003-08-10T12", "2003-08-10T13"]


def test_a_block_is_a_day_here_and_begins_with_the_history_that_it_needs() -> None:
    blocks, read = paths()
    (group,) = blocks.groups(points("2003-08-10T12:30"))
    assert (str(group.path.start), len(group.path)) == ("2003-08-10T00", 24)
    # The lookback of 24 hours is read before it.
    assert read.spans[0] == ("2003-08-09T00", "2003-08-10T23")


def test_the_last_minutes_of_a_block_reach_into_the_next() -> None:
    blocks, _ = paths()
    (group,) = blocks.groups(points("2003-08-10T23:30"))
    assert len(group.path) == 48
    (exact,) = blocks.groups(points("2003-08-10T23:00"))
    assert len(exact.path) == 24


def test_epochs_years_apart_are_groups_of_their_own() -> None:
    blocks, read = paths()
    found = list(blocks.groups(points("2003-08-10T12:00", "2001-08-10T12:00", "2003-08-10T01:00")))
    assert [group.rows.tolist() for group in found] == [[1], [0, 2]]
    assert all(span[0][:7] == span[1][:7] for span in read.spans)


def test_the_newest_block_ends_where_the_drivers_end() -> None:
    blocks, _ = paths()
    (group,) = blocks.groups(points("2003-11-30T14:10"))
    assert (len(group.path), group.path.times[-1]) == (16, LAST)
    # The day before is computed whole, and both follow each other.
    (both,) = blocks.groups(points("2003-11-29T05:00", "2003-11-30T14:10"))
    assert len(both.path) == 40
    assert both.path.mean[24:] == pytest.approx(group.path.mean)


def test_a_block_is_computed_once_and_the_oldest_is_forgotten() -> None:
    blocks, read = paths()
    first = "2003-08-10T12:30"
    (one,) = blocks.groups(points(first))
    before = len(read.spans)
    (again,) = blocks.groups(points(first))
    # The drivers are read for the warnings; the path is the one that was kept.
    assert again.path is one.path
    assert len(read.spans) == before + 1
    days = np.datetime64("2003-03-01") + np.arange(KEPT_BLOCKS)
    list(blocks.groups(points(*(f"{day}T12:00" for day in days))))
    (anew,) = blocks.groups(points(first))
    assert anew.path is not one.path


def test_a_part_of_a_path_keeps_its_hours() -> None:
    blocks, _ = paths()
    (group,) = blocks.groups(points("2003-08-10T12:30"))
    cut = part(group.path, 5, 3)
    assert [str(time) for time in cut.times] == [f"2003-08-10T{h:02d}" for h in (5, 6, 7)]
    assert cut.mean == pytest.approx(group.path.mean[5:8])
