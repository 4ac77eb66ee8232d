"""Fields in memory, of the small world of tests.models.emulators.worlds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.grid import Grid
from models.emulators.settings import DensityConfig
from tests.models.emulators import worlds

#: Settings that train in seconds.
QUICK = DensityConfig(
    first="2001-01",
    last="2002-02",
    held_out=(2002,),
    rank=2,
    fit_every=5,
    cells=("lstm",),
    members=1,
    lookback=worlds.LOOKBACK,
    horizon=worlds.HORIZON,
    recurrent=replace(
        worlds.QUICK,
        static=replace(worlds.QUICK.static, epochs=2, batch_size=512),
        training=replace(worlds.QUICK.training, epochs=3),
    ),
)


@dataclass(frozen=True)
class MadeUpFields:
    """A `Fields` double; reads are counted in `seen` so that a test can tell what was read."""

    values: FloatArray
    times: npt.NDArray[np.datetime64]
    grid: Grid = worlds.GRID
    label: str = "a made-up world"
    data_hash: str = "made up"

    def iterate(
        self, hours_per_block: int
    ) -> Iterable[tuple[npt.NDArray[np.datetime64], FloatArray]]:
        for start in range(0, len(self.times), hours_per_block):
            part = slice(start, start + hours_per_block)
            yield self.times[part], self.values[part]

    def read(self, first: np.datetime64, last: np.datetime64) -> FloatArray:
        inside = (self.times >= first) & (self.times <= last)
        return self.values[inside]


def made_up(hours: int = 24 * 425, seed: int = 0) -> tuple[MadeUpFields, Drivers]:
    """Fields from 2001-01-01 on with a storm on the tenth of each month, and their drivers."""
    weather = worlds.drivers(hours, seed)
    days = weather.times.astype("datetime64[D]")
    tenth = (days - days.astype("datetime64[M]")).astype(int) == 9
    values = weather.values.copy()
    for name, value in (("kp", 8.0), ("ap", 200.0), ("ap_daily", 150.0)):
        values[tenth, list(COLUMNS).index(name)] = value
    weather = replace(weather, values=values)
    flat = worlds.fields_of(worlds.state_of(weather))
    noise = np.random.default_rng(seed).normal(0, 0.002, flat.shape).astype(np.float32)
    fields = (flat + noise).reshape(-1, *worlds.GRID.shape)
    return MadeUpFields(fields, weather.times), weather
