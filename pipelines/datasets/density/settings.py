"""Settings of `halyard snapshots`, and sources by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from models.emulators.driver_hours import hourly_drivers
from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from models.emulators.settings import GridConfig
from models.errors import ConfigError, DataError
from models.transforms.relaxation import RelaxationConfig
from pipelines.datasets.density.msis_source import MsisSource
from pipelines.datasets.density.relaxed import RelaxedSource
from pipelines.datasets.density.sources import HOUR, SnapshotSource
from pipelines.datasets.density.tiegcm import TiegcmConfig, TiegcmSource
from pipelines.datasets.density.yearly_hdf5 import YearlySource

if TYPE_CHECKING:
    from models.emulators.driver_weather import SpaceWeather

#: Name -> version of NRLMSIS, and whether it is given a memory.
COMPUTED: dict[str, tuple[str, bool]] = {
    "msis21": ("2.1", False),
    "msis20": ("2.0", False),
    "msis00": ("00", False),
    "relaxed_msis21": ("2.1", True),
}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_HDF5_ENDINGS = (".h5", ".hdf5")
Format = Literal["auto", "tiegcm", "hdf5"]


@dataclass(frozen=True)
class SnapshotConfig:
    """What fields are made like.

    grid        of the fields
    relaxation  of the test truth with a memory
    tiegcm      how files of TIE-GCM are read
    """

    grid: GridConfig = field(default_factory=GridConfig)
    relaxation: RelaxationConfig = field(default_factory=RelaxationConfig)
    tiegcm: TiegcmConfig = field(default_factory=TiegcmConfig)


def computed_source(
    name: str,
    grid: Grid,
    weather: SpaceWeather,
    first: np.datetime64,
    last: np.datetime64,
    relaxation: RelaxationConfig | None = None,
) -> SnapshotSource:
    """A source that computes the fields from `first` to `last`, with the drivers it needs.

    Raises ConfigError for an unknown name, DataError where space weather does not reach.
    """
    if name not in COMPUTED:
        raise ConfigError(f"source: expected one of {', '.join(COMPUTED)}, got {name!r}")
    version, with_memory = COMPUTED[name]
    if not with_memory:
        return MsisSource(grid, hourly_drivers(weather, first, last), version)
    config = relaxation or RelaxationConfig()
    history = RelaxedSource.history_of(config)
    drivers = hourly_drivers(weather, first - history * HOUR, last)
    return RelaxedSource(MsisSource(grid, drivers, version), config)


def file_source(
    paths: Sequence[Path],
    config: SnapshotConfig,
    kind: Format = "auto",
    weather: SpaceWeather | None = None,
) -> TiegcmSource | YearlySource:
    """A source that reads files of TIE-GCM; drivers of their hours where `weather` has them.

    kind  tiegcm (NetCDF histories), hdf5 (yearly files), or what the names end in
    """
    if not paths:
        raise ConfigError("no files given; expected NetCDF histories of TIE-GCM or yearly HDF5")
    yearly = {path.suffix.lower() in _HDF5_ENDINGS for path in paths}
    if kind == "auto" and len(yearly) > 1:
        raise ConfigError("files of two kinds (.h5 and others); convert each kind by itself")
    grid = config.grid.grid()
    source: TiegcmSource | YearlySource
    if kind == "hdf5" or (kind == "auto" and yearly == {True}):
        source = YearlySource.open(paths, grid)
    else:
        source = TiegcmSource.open(paths, grid, config.tiegcm)
    return replace(source, drivers=_drivers(weather, source.hours[0], source.hours[-1]))


def checked_format(text: str) -> Format:
    """Raises ConfigError for another word."""
    for known in get_args(Format):
        if text == known:
            return cast(Format, text)
    raise ConfigError(f"--format: expected one of {', '.join(get_args(Format))}, got {text!r}")


def month_hours(first: str, last: str) -> tuple[np.datetime64, np.datetime64]:
    """First and last hour of the months "1997-01" to "2008-12". Raises ConfigError."""
    for name, text in (("first", first), ("last", last)):
        if not _MONTH.fullmatch(text):
            raise ConfigError(f"--{name}: expected a month such as 1997-01, got {text!r}")
    months = [np.datetime64(text, "M") for text in (first, last)]
    if months[0] > months[1]:
        raise ConfigError(f"--last: expected {first} or later, got {last}")
    return months[0].astype("datetime64[h]"), (months[1] + 1).astype("datetime64[h]") - HOUR


def _drivers(
    weather: SpaceWeather | None, first: np.datetime64, last: np.datetime64
) -> Drivers | None:
    """Space weather of these hours; none where the table does not reach that far."""
    if weather is None:
        return None
    try:
        return hourly_drivers(weather, first, last)
    except DataError:
        return None
