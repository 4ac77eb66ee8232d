"""A span of fields and drivers, and nothing outside it: what a fit in the past may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from models.errors import DataError
from pipelines.thermosphere_density.fields import Fields

HourArray = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class SpanOfFields:
    """`Fields` of the hours `first` to `last`, both included, of longer ones."""

    whole: Fields
    first: np.datetime64
    last: np.datetime64

    @property
    def grid(self) -> Grid:
        return self.whole.grid

    @property
    def label(self) -> str:
        return self.whole.label

    @property
    def data_hash(self) -> str:
        return f"{self.whole.data_hash}:{self.first}:{self.last}"

    @property
    def times(self) -> HourArray:
        return self.whole.times[self._inside(self.whole.times)]

    def iterate(self, hours_per_block: int) -> Iterable[tuple[HourArray, FloatArray]]:
        """Blocks of the span, read one by one."""
        times = self.times
        for start in range(0, len(times), hours_per_block):
            part = times[start : start + hours_per_block]
            yield part, self.whole.read(part[0], part[-1])

    def read(self, first: np.datetime64, last: np.datetime64) -> FloatArray:
        """Fields of hours of the span. Raises DataError for others."""
        if first < self.first or last > self.last:
            raise DataError(
                f"fields of {first} to {last}: expected hours within {self.first} to {self.last}"
            )
        return self.whole.read(first, last)

    def _inside(self, times: HourArray) -> npt.NDArray[np.bool_]:
        return np.asarray((times >= self.first) & (times <= self.last))


def span(
    fields: Fields, drivers: Drivers, first: np.datetime64, last: np.datetime64
) -> tuple[SpanOfFields, Drivers]:
    """Fields and drivers of these hours."""
    return SpanOfFields(fields, first, last), drivers.between(first, last)
