"""A folder of snapshots of the made-up world, as the verbs read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.sources import HourArray, driver_variables
from pipelines.datasets.density.store import SnapshotStore
from tests.pipelines.thermosphere_density.made_up_fields import MadeUpFields, made_up

#: Words that make training a matter of seconds.
QUICK_WORDS = [
    *("cells=[lstm]", "members=1", "rank=2", "fit_every=5", "lookback=12", "horizon=24"),
    *("held_out=[2002]", "recurrent.network.hidden_size=8", "recurrent.network.map_size=16"),
    *("recurrent.static.epochs=2", "recurrent.training.epochs=4", "first=2001-01"),
    *("recurrent.static.learning_rate=1e-2", "recurrent.training.learning_rate=1e-2"),
]


@dataclass(frozen=True)
class WorldSource:
    """The made-up fields as a source of snapshots."""

    fields: MadeUpFields
    drivers: Drivers
    name: str = "world"

    @property
    def label(self) -> str:
        return self.fields.label

    @property
    def grid(self) -> Grid:
        return self.fields.grid

    def settings(self) -> Mapping[str, Any]:
        return {}

    def variables(self, hours: HourArray) -> Mapping[str, FloatArray]:
        return driver_variables(self.drivers, hours)

    def origin(self, hours: HourArray) -> str:  # noqa: ARG002
        return ""

    def needed(self, hours: HourArray) -> HourArray:
        return hours

    def narrowed(self, hours: HourArray) -> WorldSource:  # noqa: ARG002
        return self

    def compute(self, hours: HourArray) -> FloatArray:
        return self.fields.read(hours[0], hours[-1])

    def finish(self, hours: HourArray, computed: FloatArray) -> FloatArray:  # noqa: ARG002
        return computed


@cache
def world_store() -> SnapshotStore:
    """The whole made-up world, in a folder that is made once."""
    fields, drivers = made_up()
    source = WorldSource(fields, drivers)
    return generate_snapshots(source, fields.times[0], fields.times[-1], Path(mkdtemp()) / "world")
