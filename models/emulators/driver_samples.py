"""Sampled drivers: many equally likely futures of space weather at the same hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.drivers import COLUMNS, Drivers

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class DriverSamples:
    """Sampled drivers at consecutive whole hours; a sequence of `Drivers`.

    start   first hour, UTC
    values  sample × hour × column of COLUMNS, finite
    """

    start: np.datetime64
    values: FloatArray

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, sample: int) -> Drivers:
        return Drivers(self.start, self.values[sample])

    def __iter__(self) -> Iterator[Drivers]:
        return (self[i] for i in range(len(self)))

    def column(self, name: str) -> FloatArray:
        """Sample × hour of one column, by its name in COLUMNS."""
        return np.asarray(self.values[..., list(COLUMNS).index(name)])
