"""From what was found of each point to the table of densities (see density_columns)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray
from models.emulators.log_density import LogDensity, Shape
from pipelines.batch.density_columns import (
    AXES,
    EPOCH,
    ID,
    SAID,
    WARNINGS,
    density_schema,
    id_kind,
    quantile_name,
)
from pipelines.batch.density_points import CheckedPoints


@dataclass
class Collected:
    """What was found of each point, filled part by part.

    mean, std  point: of log10 density
    spell      point: place of the spell that answered
    note       point: place in WARNINGS
    shape      of the errors
    """

    mean: FloatArray
    std: FloatArray
    spell: npt.NDArray[np.int8]
    note: npt.NDArray[np.int8]
    shape: Shape = field(default_factory=Shape)

    @classmethod
    def empty(cls, size: int) -> Collected:
        """Room for so many points."""
        return cls(np.empty(size), np.empty(size), np.zeros(size, np.int8), np.zeros(size, np.int8))

    def fill(
        self,
        rows: npt.NDArray[np.int64] | None,
        density: LogDensity,
        spell: int,
        note: npt.NDArray[np.int8],
    ) -> None:
        """Put in some points; None for all of them."""
        self.shape = density.shape
        if rows is None:
            self.mean, self.std, self.note = density.mean, density.std, note
            self.spell[:] = spell
            return
        self.mean[rows], self.std[rows], self.note[rows] = density.mean, density.std, note
        self.spell[rows] = spell

    @property
    def sound(self) -> npt.NDArray[np.bool_]:
        """Points whose density is finite."""
        return np.asarray(np.isfinite(self.mean) & np.isfinite(self.std))


@dataclass(frozen=True)
class Stamp:
    """What all rows say alike, and what they say by spell (kinds and origins)."""

    kinds: tuple[str, ...]
    origins: tuple[np.datetime64, ...]
    correction: str
    model: str
    version: str


def density_table(
    checked: CheckedPoints, found: Collected, levels: Sequence[float], stamp: Stamp
) -> pl.DataFrame:
    """The rows of the points, as density_schema says."""
    density = LogDensity(found.mean, found.std, found.shape)
    quantiles = density.quantiles(levels).astype(np.float32)
    columns = {
        EPOCH: checked.epoch.dt.replace_time_zone("UTC"),
        **{name: getattr(checked.points, name) for name in AXES},
        "mean": density.mean_density.astype(np.float32),
        "std": density.std_density.astype(np.float32),
        **{quantile_name(level): quantiles[:, i] for i, level in enumerate(levels)},
        **_said(found, stamp),
    }
    if checked.ids is not None:
        columns[ID] = checked.ids
    named = id_kind(checked.ids)
    return pl.DataFrame(columns).select(list(density_schema(levels, named)))


def _said(found: Collected, stamp: Stamp) -> dict[str, pl.Series]:
    """The columns of SAID."""
    origins = np.array(stamp.origins, "datetime64[us]")
    values: dict[str, tuple[Any, npt.NDArray[np.int8] | None]] = {
        "drivers": (stamp.kinds, found.spell),
        "origin": (pl.Series(origins).dt.replace_time_zone("UTC"), found.spell),
        "correction": ([stamp.correction], None),
        "warning": ([None, *WARNINGS[1:]], found.note),
        "model": ([stamp.model], None),
        "version": ([stamp.version], None),
    }
    size = len(found.spell)
    return {
        name: _looked_up(pl.Series(name, listed, SAID[name]), places, size)
        for name, (listed, places) in values.items()
    }


def _looked_up(values: pl.Series, places: npt.NDArray[np.int8] | None, size: int) -> pl.Series:
    """The value at each place; without places the only one everywhere."""
    if places is None or not size or places.min() == places.max():
        return values.new_from_index(0 if places is None or not size else int(places[0]), size)
    return values.gather(pl.Series(places.astype(np.uint32)))
