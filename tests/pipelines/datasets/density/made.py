"""Small sources, drivers and stores for the tests of snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.grid import FloatArray, Grid
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.sources import HourArray, driver_variables, hours_between
from pipelines.datasets.density.store import SnapshotStore

TINY = Grid.regular(4, 4, 2)
START = np.datetime64("2003-01-30T00", "h")


def hour(text: str) -> np.datetime64:
    return np.datetime64(text, "h")


def some_drivers(first: np.datetime64, hours: int, *, f107: float = 150.0) -> Drivers:
    """Every column its own slow wave, so that no two can be mistaken."""
    since = (first - np.datetime64("2000-01-01T00", "h")).astype(int) + np.arange(hours)
    values = np.empty((hours, len(COLUMNS)))
    for index, name in enumerate(COLUMNS):
        middle, swing = (f107 + index, 20.0) if "f107" in name else (12.0 + index, 8.0)
        values[:, index] = middle + swing * np.sin(2 * np.pi * since / (100.0 + 17 * index))
    return Drivers(first, values)


@dataclass
class CountingSource:
    """Fields that say their hour: hours since 2003 in thousandths, plus the cell's number."""

    grid: Grid = TINY
    name: str = "counting"
    label: str = "hours counted"
    setting: float = 1.0
    mark: str = ""
    drivers: Drivers | None = None
    computed: list[np.datetime64] = field(default_factory=list)

    def settings(self) -> Mapping[str, Any]:
        return {"setting": self.setting}

    def variables(self, hours: HourArray) -> Mapping[str, FloatArray]:
        return {} if self.drivers is None else driver_variables(self.drivers, hours)

    def origin(self, hours: HourArray) -> str:  # noqa: ARG002
        return self.mark

    def needed(self, hours: HourArray) -> HourArray:
        return hours

    def narrowed(self, hours: HourArray) -> CountingSource:  # noqa: ARG002
        return self

    def compute(self, hours: HourArray) -> FloatArray:
        self.computed.extend(hours)
        return counted(hours, self.grid)

    def finish(self, hours: HourArray, computed: FloatArray) -> FloatArray:  # noqa: ARG002
        return computed


def counted(hours: HourArray, grid: Grid = TINY) -> FloatArray:
    """The fields of `CountingSource`."""
    since = (hours - hour("2003-01-01T00")).astype(int) / 1000.0
    cells = np.arange(grid.cells).reshape(grid.shape)
    return (since[:, None, None, None] + cells).astype(np.float32)


def counting_store(out: Path, hours: int = 96, **changes: Any) -> SnapshotStore:
    """A store over the end of January and the beginning of February 2003."""
    span = hours_between(START, START + hours - 1)
    return generate_snapshots(CountingSource(**changes), span[0], span[-1], out)
