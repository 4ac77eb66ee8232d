"""Fields to a reduced state: components fitted on training hours, then every hour projected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from models.emulators.settings import DensityConfig
from models.transforms.principal_components import PrincipalComponents

HourArray = npt.NDArray[np.datetime64]
#: Hours per block of a stream: 40 MB on the default grid.
BLOCK = 24 * 56


class Fields(Protocol):
    """Hourly fields of log10 density that do not fit into memory: a snapshot store.

    grid       of the fields
    times      consecutive hours, datetime64[h]
    label      what made them, e.g. "NRLMSIS 2.1"
    data_hash  of the fields' settings and drivers
    """

    @property
    def grid(self) -> Grid: ...

    @property
    def times(self) -> HourArray: ...

    @property
    def label(self) -> str: ...

    @property
    def data_hash(self) -> str: ...

    def iterate(self, hours_per_block: int) -> Iterable[tuple[HourArray, FloatArray]]:
        """All fields in order: times, and hour × local time × latitude × height."""
        ...

    def read(self, first: np.datetime64, last: np.datetime64) -> FloatArray:
        """The fields of the hours from first to last, both included."""
        ...


@dataclass(frozen=True)
class ReducedSeries:
    """The reduced state of every hour, with the drivers of the same hours.

    state     hour × component of `components`
    left_out  hour: squared norm of what the components leave out
    """

    drivers: Drivers
    state: npt.NDArray[np.float32]
    left_out: npt.NDArray[np.float32]
    components: PrincipalComponents

    @property
    def times(self) -> HourArray:
        return self.drivers.times

    def truncated(self, rank: int) -> ReducedSeries:
        """The same with fewer components."""
        components = self.components.truncated(rank)
        dropped = (self.state[:, rank:] ** 2).sum(axis=1)
        return ReducedSeries(
            self.drivers, self.state[:, :rank], self.left_out + dropped, components
        )

    @property
    def relative_left_out(self) -> npt.NDArray[np.float32]:
        """Logarithm of what is left out over its mean in the fitted fields, hour × 1."""
        mean = float(self.components.residual.sum(dtype=np.float64))
        relative: npt.NDArray[np.float32] = np.log(self.left_out / mean)[:, None]
        return relative.astype(np.float32)


def reduce_fields(
    fields: Fields, drivers: Drivers, use: npt.NDArray[np.bool_], config: DensityConfig
) -> ReducedSeries:
    """Fit components on every `fit_every`-th of the hours in `use`, project all hours.

    drivers  of exactly the hours of the fields
    """

    def blocks() -> Iterator[FloatArray]:
        done = 0
        for times, block in fields.iterate(BLOCK):
            hours = np.arange(done, done + len(times))
            chosen = use[hours] & (hours % config.fit_every == 0)
            done += len(times)
            if chosen.any():
                yield block.reshape(len(times), -1)[chosen]

    how: dict[str, Any] = {"rank": config.rank}
    if config.rank is None:
        how = {"variance": config.variance, "max_rank": config.max_rank}
    return project_fields(fields, drivers, PrincipalComponents.fit(blocks, seed=config.seed, **how))


def project_fields(
    fields: Fields, drivers: Drivers, components: PrincipalComponents
) -> ReducedSeries:
    """Every hour on components that are there already."""
    parts = [_project(components, block) for _, block in fields.iterate(BLOCK)]
    state, left_out = (np.concatenate(same) for same in zip(*parts, strict=True))
    return ReducedSeries(drivers, state, left_out, components)


def _project(
    components: PrincipalComponents, block: FloatArray
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Coefficients of a block of fields, and the squared norm of what they leave out."""
    flat = block.reshape(len(block), -1)
    state = components.project(flat)
    missed = flat - components.reconstruct(state)
    return state, np.einsum("ij,ij->i", missed, missed).astype(np.float32)
