"""TIE-GCM's histories come onto the grid within a millionth in log10 density."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.emulators.grid import Grid
from models.errors import DataError
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.regrid import Reach
from pipelines.datasets.density.sources import hours_between
from pipelines.datasets.density.tiegcm import TiegcmConfig, TiegcmSource, geometric_height
from tests.pipelines.datasets.density.tiegcm_files import (
    FIRST,
    GRID,
    History,
    on_grid,
    write_history,
)

PLAIN = History()


def converted(
    tmp_path: Path, *histories: History, config: TiegcmConfig | None = None
) -> np.ndarray:
    """The fields that come out of a store made from these files."""
    paths = [write_history(tmp_path / f"s{i}.nc", h) for i, h in enumerate(histories)]
    source = TiegcmSource.open(paths, GRID, config)
    hours = source.hours
    store = generate_snapshots(source, hours[0], hours[-1], tmp_path / "store")
    assert store.label == "TIE-GCM 2.0"
    return store.read(store.first, store.last)


@pytest.mark.parametrize(
    "history",
    [
        PLAIN,
        PLAIN.but(longitude=np.arange(-180.0, 180.0, 5.0)),
        PLAIN.but(longitude=np.arange(0.0, 360.0, 5.0)),
        PLAIN.but(density_on="lev", height_on="lev"),
        PLAIN.but(heights=("Z",)),
        PLAIN.but(top_missing=True),
        PLAIN.but(clock="time"),
        PLAIN.but(format="NETCDF3_64BIT_OFFSET"),
        PLAIN.but(kind="f4"),
        PLAIN.but(units={"DEN": "kg/m3", "ZG": "km"}, factors={"DEN": 1e3, "ZG": 1e-5}),
        PLAIN.but(units={"DEN": "kg m-3", "ZG": "m"}, factors={"DEN": 1e3, "ZG": 1e-2}),
        PLAIN.but(units={}),
    ],
    ids=[
        "15-degree meridians",
        "5-degree meridians",
        "longitudes from 0",
        "midpoints",
        "Z that is geometric",
        "top level of fill values",
        "time with units",
        "classic NetCDF",
        "single precision",
        "kg/m3 and km",
        "kg m-3 and m",
        "no units: g/cm3 and cm",
    ],
)
def test_a_history_comes_back_within_a_millionth(history: History, tmp_path: Path) -> None:
    assert np.abs(converted(tmp_path, history) - on_grid(history.hours)).max() < 1e-6


def test_density_on_midpoints_finds_its_height_between_interfaces(tmp_path: Path) -> None:
    history = PLAIN.but(density_on="lev", height_on="ilev")
    assert np.abs(converted(tmp_path, history) - on_grid(history.hours)).max() < 1e-6


def test_geometric_height_is_preferred_to_z(tmp_path: Path) -> None:
    history = PLAIN.but(heights=("Z", "ZG"), factors={"Z": 1.1})
    assert np.abs(converted(tmp_path, history) - on_grid(history.hours)).max() < 1e-6


def test_z_that_is_called_geopotential_is_made_geometric(tmp_path: Path) -> None:
    history = PLAIN.but(heights=("Z",), height_name="GEOPOTENTIAL HEIGHT")
    stated = converted(tmp_path, history)
    away = stated - on_grid(history.hours)
    # 400 km of geopotential height are some 387 km of geometric: density at 400 km is that
    # of a higher level.
    assert 0.1 < np.abs(away[..., -1]).mean() < 0.4
    geometric = TiegcmSource.open([tmp_path / "s0.nc"], GRID, TiegcmConfig(z="geometric"))
    fields = geometric.compute(geometric.hours)
    assert np.abs(fields - on_grid(history.hours)).max() < 1e-6


def test_gravity_turns_geopotential_height_into_geometric() -> None:
    # Constant 870 cm/s2 against 9.51 m/s2 at 97 km: a step of 1 km is one of 0.915 km there.
    level = np.array([97.0, 98.0, 400.0, 401.0]).reshape(1, 1, 4)
    height = geometric_height(level, np.array([45.0]))[0, 0]
    assert height[0] == 97.0
    assert height[1] - height[0] == pytest.approx(870 / 951.4, abs=1e-3)
    radius = 6356.8
    there = 980.6 * (radius / (radius + height[2] + 0.5)) ** 2
    assert height[3] - height[2] == pytest.approx(870 / there, abs=1e-3)


def test_several_files_join_in_order_of_time_without_their_overlap(tmp_path: Path) -> None:
    late = PLAIN.but(hours=hours_between(FIRST + 3, FIRST + 6))
    early = PLAIN.but(hours=hours_between(FIRST, FIRST + 4))
    fields = converted(tmp_path, late, early)
    assert np.abs(fields - on_grid(hours_between(FIRST, FIRST + 6))).max() < 1e-6


def test_a_grid_between_meridians_and_latitudes_is_interpolated(tmp_path: Path) -> None:
    path = write_history(tmp_path / "s.nc", PLAIN.but(longitude=np.arange(-180.0, 180.0, 5.0)))
    grid = Grid.regular(10, 7, 3, lowest=110.0, highest=400.0)
    source = TiegcmSource.open([path], grid)
    away = source.compute(source.hours) - on_grid(source.hours, grid)
    # The wave in local time is cut by chords of 5 degrees: by 0.2 · (step/2)²/2 at most.
    assert np.abs(away).max() < 0.2 * np.radians(2.5) ** 2 / 2 * 1.01
    assert np.abs(away).max() > 1e-5


def test_above_the_top_columns_go_on_straight_within_reach(tmp_path: Path) -> None:
    short = PLAIN.but(levels=11)
    assert np.abs(converted(tmp_path, short) - on_grid(short.hours)).max() < 1e-6
    source = TiegcmSource.open(
        [tmp_path / "s0.nc"], GRID, TiegcmConfig(Reach(below=5.0, above=10.0))
    )
    expected = (
        r"s0\.nc: at 2003-12-31T22, latitude -?\d+, longitude -?\d+: the grid wants 400 km, the "
        r"levels go from \d+\.\d to 36\d\.\d km .* set grid\.highest"
    )
    with pytest.raises(DataError, match=expected):
        source.compute(source.hours)


def test_files_are_read_by_several_processes(tmp_path: Path) -> None:
    path = write_history(tmp_path / "s.nc", PLAIN)
    source = TiegcmSource.open([path], GRID)
    one, two = (
        generate_snapshots(source, FIRST, FIRST + 3, tmp_path / str(n), workers=n) for n in (1, 2)
    )
    assert one.data_hash == two.data_hash
