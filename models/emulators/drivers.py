"""Space weather as arrays: what drives the thermosphere, hour by hour.

Choose `Drivers` wherever a model reads space weather. Tables, files and the network are
the business of `pipelines.datasets`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelError

FloatArray = npt.NDArray[np.floating[Any]]

#: Column -> meaning. F10.7 in solar flux units (1e-22 W m-2 Hz-1), "observed" unless said;
#: ap in 2 nT, Kp from 0 to 9. "now" is the 3-hour interval that holds the hour.
COLUMNS: dict[str, str] = {
    "f107": "F10.7 of the UTC day",
    "f107_previous": "F10.7 of the day before",
    "f107_adjusted": "F10.7 of the UTC day, adjusted to one astronomical unit",
    "f107_mean": "81-day mean of F10.7, centred on the day",
    "f107_trailing": "81-day mean of F10.7 that ends with the day",
    "kp": "Kp now",
    "ap": "ap now",
    "ap_3": "ap 3 hours before",
    "ap_6": "ap 6 hours before",
    "ap_9": "ap 9 hours before",
    "ap_12_33": "mean of the eight 3-hour ap from 12 to 33 hours before",
    "ap_36_57": "mean of the eight 3-hour ap from 36 to 57 hours before",
    "ap_daily": "daily Ap of the UTC day",
}


@dataclass(frozen=True)
class Drivers:
    """Space weather at consecutive whole hours.

    start   first hour, UTC
    values  hour × column, finite, columns as in COLUMNS
    """

    start: np.datetime64
    values: FloatArray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(COLUMNS):
            raise ModelError(
                f"Drivers.values: expected hour × {len(COLUMNS)}, got {self.values.shape}"
            )
        if not np.isfinite(self.values).all():
            hour, column = (int(i) for i in np.argwhere(~np.isfinite(self.values))[0])
            raise ModelError(
                f"Drivers: {list(COLUMNS)[column]} at {self.times[hour]} is "
                f"{self.values[hour, column]}; expected a finite number"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def times(self) -> npt.NDArray[np.datetime64]:
        """The hours, datetime64[h]."""
        first = self.start.astype("datetime64[h]")
        return np.asarray(first + np.arange(len(self.values)))

    def column(self, name: str) -> FloatArray:
        """One column, by its name in COLUMNS."""
        return np.asarray(self.values[:, list(COLUMNS).index(name)])

    def between(self, first: np.datetime64, last: np.datetime64) -> Drivers:
        """The hours from `first` to `last`, both included. Raises ModelError when some are
        not there."""
        begin = int((first.astype("datetime64[h]") - self.times[0]).astype(int))
        end = int((last.astype("datetime64[h]") - self.times[0]).astype(int)) + 1
        if begin < 0 or end > len(self):
            raise ModelError(
                f"space weather from {first} to {last} was asked for; there is "
                f"{self.times[0]} to {self.times[-1]}"
            )
        return replace(self, start=self.times[begin], values=self.values[begin:end])
