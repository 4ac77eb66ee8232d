"""Fields come with their drivers and the settings that they have, from a folder or made first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.emulators.driver_hours import hourly_drivers
from models.emulators.settings import DensityConfig, GridConfig
from models.errors import ConfigError
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.thermosphere_density.opening import (
    default_folder,
    drivers_of,
    made_fields,
    open_fields,
    require_years,
)
from tests.models.emulators import worlds
from tests.pipelines.datasets.density.made import START, counting_store
from tests.pipelines.thermosphere_density.made_up_fields import QUICK, made_up
from tests.pipelines.thermosphere_density.world_store import world_store

#: One month of a grid of 32 cells by NRLMSIS.
SMALL = DensityConfig(
    grid=GridConfig(4, 4, 2, lowest=200, highest=400), first="2003-11", last="2003-11"
)


def test_a_folder_gives_its_grid_its_months_and_its_drivers() -> None:
    store, drivers, config = open_fields(DensityConfig(), world_store().folder)
    last = made_up()[0].times[-1].astype("datetime64[M]")
    assert (config.first, config.last) == ("2001-01", str(last))
    assert config.grid.grid() == worlds.GRID
    assert config.grid.levels == ()
    assert np.array_equal(drivers.values, made_up()[1].values)
    assert np.array_equal(store.times, drivers.times)


def test_only_the_months_that_are_wanted_are_opened() -> None:
    wanted = replace(QUICK, first="2001-03", last="2001-04")
    store, drivers, config = open_fields(wanted, world_store().folder)
    assert (str(store.first), str(store.last)) == ("2001-03-01T00", "2001-04-30T23")
    assert np.array_equal(store.times, drivers.times)
    assert (config.first, config.last) == ("2001-03", "2001-04")


def test_uneven_levels_of_a_folder_are_kept(tmp_path: Path) -> None:
    grid = replace(worlds.GRID, height=(100.0, 120.0, 300.0))
    folder = counting_store(tmp_path / "fields", grid=grid).folder
    _, _, config = open_fields(DensityConfig(), folder)
    assert config.grid.levels == (100.0, 120.0, 300.0)
    assert config.grid.grid() == grid


def test_months_that_are_not_there_are_one_line() -> None:
    with pytest.raises(ConfigError, match="the settings want 1990-01 to 1990-12; give first="):
        open_fields(replace(QUICK, first="1990-01", last="1990-12"), world_store().folder)


def test_fields_without_drivers_take_those_of_the_table(tmp_path: Path) -> None:
    store = counting_store(tmp_path / "fields", hours=48)
    wanted = hourly_drivers(open_space_weather(), START, START + 47)
    assert np.array_equal(drivers_of(store).values, wanted.values)


def test_a_year_to_judge_must_be_there_and_another_to_train_on() -> None:
    store = world_store()
    require_years(store, QUICK)
    with pytest.raises(ConfigError, match="expected years of the fields, got 2003; there is 2001"):
        require_years(store, replace(QUICK, held_out=(2003,)))
    with pytest.raises(ConfigError, match="2001, 2002 is all there is"):
        require_years(store, replace(QUICK, held_out=(2001, 2002)))


def test_without_a_folder_fields_are_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    told: list[tuple[int, int]] = []
    store, drivers, config = open_fields(SMALL, None, 1, lambda *n: told.append(n))
    assert store.folder == default_folder(SMALL)
    assert store.label == "NRLMSIS 2.1"
    assert len(store) == len(drivers) == 720
    assert config == SMALL
    assert told[-1][0] == told[-1][1]
    again = made_fields(SMALL, 1, lambda *_: pytest.fail("made again"))
    assert again.data_hash == store.data_hash


def test_other_grids_and_months_have_another_folder() -> None:
    folders = {
        default_folder(one)
        for one in (SMALL, replace(SMALL, last="2003-12"), replace(SMALL, grid=GridConfig()))
    }
    assert len(folders) == 3
