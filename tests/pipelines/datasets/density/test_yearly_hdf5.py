"""Yearly HDF5 files come back within a millionth, whatever the order of their axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.emulators.grid import Grid
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.sources import hours_between
from pipelines.datasets.density.yearly_hdf5 import YearlySource
from tests.pipelines.datasets.density.made import some_drivers
from tests.pipelines.datasets.density.tiegcm_files import on_grid, write_yearly

GRID = Grid.regular(6, 5, 4, lowest=110.0, highest=400.0)
YEAR = hours_between(np.datetime64("2003-12-30T00", "h"), np.datetime64("2003-12-31T23", "h"))
NEXT = hours_between(np.datetime64("2004-01-01T00", "h"), np.datetime64("2004-01-01T06", "h"))
NAME = "2003_TIEGCM_Density.h5"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 2, 3, 0), (2, 0, 3, 1)])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_year_comes_back_in_any_order_of_axes(
    order: tuple[int, ...], logarithmic: bool, tmp_path: Path
) -> None:
    fields = on_grid(YEAR, GRID)
    den = fields if logarithmic else 10.0**fields
    path = write_yearly(tmp_path / NAME, np.transpose(den, order), YEAR)
    source = YearlySource.open([path], GRID)
    store = generate_snapshots(source, YEAR[0], YEAR[-1], tmp_path / "store")
    assert np.abs(store.read(YEAR[0], YEAR[-1]) - fields).max() < 1e-6
    assert store.label == "TIE-GCM (yearly HDF5)"


def test_years_follow_each_other_and_keep_their_drivers(tmp_path: Path) -> None:
    paths = [
        write_yearly(
            tmp_path / f"{hours[0].astype('datetime64[Y]')}_x.h5",
            10.0 ** on_grid(hours, GRID),
            hours,
        )
        for hours in (NEXT, YEAR)
    ]
    whole = np.concatenate([YEAR, NEXT])
    drivers = some_drivers(YEAR[0], len(whole))
    source = YearlySource.open(paths, GRID, drivers)
    store = generate_snapshots(source, whole[0], whole[-1], tmp_path / "store")
    assert np.abs(store.read(whole[0], whole[-1]) - on_grid(whole, GRID)).max() < 1e-6
    assert np.array_equal(store.drivers.values, drivers.values)
    own = source.variables(whole[46:50])
    assert own["file_f107"].tolist() == [166.0, 167.0, 120.0, 121.0]


def test_the_documented_order_wins_where_lengths_leave_it_open(tmp_path: Path) -> None:
    day = YEAR[:6]
    path = write_yearly(tmp_path / NAME, 10.0 ** on_grid(day, GRID), day)
    source = YearlySource.open([path], GRID)
    assert np.abs(source.compute(day) - on_grid(day, GRID)).max() < 1e-6


def test_day_and_hour_may_be_columns_and_the_day_a_fraction(tmp_path: Path) -> None:
    fraction = 364.0 + np.arange(48)[:, None] / 24.0
    path = write_yearly(tmp_path / NAME, 10.0 ** on_grid(YEAR, GRID), YEAR, doy=fraction + 1e-9)
    assert np.array_equal(YearlySource.open([path], GRID).hours, YEAR)
