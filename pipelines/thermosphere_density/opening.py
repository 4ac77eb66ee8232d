"""Fields and drivers of a span of months: from a folder of snapshots, or made first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from models.emulators.driver_hours import hourly_drivers
from models.emulators.drivers import Drivers
from models.emulators.settings import DensityConfig, GridConfig
from models.errors import ConfigError, DataError
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.settings import computed_source, month_hours
from pipelines.datasets.density.store import SnapshotStore
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.environment import halyard_home

#: Called with (pieces done, pieces in all) while fields are made.
Progress = Callable[[int, int], None]


def open_fields(
    config: DensityConfig,
    folder: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[SnapshotStore, Drivers, DensityConfig]:
    """Open the fields of the months of the settings, with the drivers of the same hours.

    folder  of snapshots; months that it lacks are left out, its grid holds. Without one the
            fields are made below HALYARD_HOME, once.

    The settings come back with the grid and the months that are there. Raises DataError or
    ConfigError when the folder cannot be used.
    """
    if folder is None:
        store = made_fields(config, workers, progress)
        return store, store.drivers, config
    store = _within(SnapshotStore.open(folder), config)
    shape = store.grid.shape
    grid = GridConfig(
        *shape, lowest=store.grid.height[0], highest=store.grid.height[-1], levels=store.grid.height
    )
    if np.allclose(GridConfig(*shape, grid.lowest, grid.highest).grid().height, store.grid.height):
        grid = replace(grid, levels=())
    first, last = (str(hour.astype("datetime64[M]")) for hour in (store.first, store.last))
    return store, drivers_of(store), replace(config, grid=grid, first=first, last=last)


def made_fields(
    config: DensityConfig, workers: int = 1, progress: Progress | None = None
) -> SnapshotStore:
    """The fields of the settings, made unless they are there; a stopped run goes on."""
    first, last = month_hours(config.first, config.last)
    source = computed_source(config.source, config.grid.grid(), open_space_weather(), first, last)
    out = default_folder(config)
    return generate_snapshots(source, first, last, out, workers=workers, progress=progress)


def default_folder(config: DensityConfig) -> Path:
    """Where fields of this source, grid and span are kept."""
    facts = json.dumps([asdict(config.grid), config.first, config.last], sort_keys=True)
    key = hashlib.sha256(facts.encode()).hexdigest()[:8]
    return halyard_home() / "snapshots" / f"{config.source}-{config.first}-{config.last}-{key}"


def drivers_of(store: SnapshotStore) -> Drivers:
    """The drivers that are kept with the fields, or else those of the table of space weather."""
    try:
        return store.drivers
    except DataError:
        return hourly_drivers(open_space_weather(), store.first, store.last)


def require_years(store: SnapshotStore, config: DensityConfig) -> None:
    """Raise ConfigError unless the years held out can be judged, and others trained on."""
    span = f"{store.first} to {store.last}"
    for year in config.held_out:
        if year not in store.years:
            raise ConfigError(
                f"held_out: expected years of the fields, got {year}; there is {span}: choose "
                "another --year, or first and last so that they hold it"
            )
    if set(store.years) <= set(config.held_out):
        raise ConfigError(
            f"held_out: {', '.join(map(str, config.held_out))} is all there is ({span}), nothing "
            "is left to train on; give fields of other years too"
        )


def _within(store: SnapshotStore, config: DensityConfig) -> SnapshotStore:
    first, last = month_hours(config.first, config.last)
    begin, end = max(first, store.first), min(last, store.last)
    if begin > end:
        raise ConfigError(
            f"{store.folder}: holds {store.first} to {store.last}, the settings want "
            f"{config.first} to {config.last}; give first= and last= of the snapshots"
        )
    return store.between(begin, end)
