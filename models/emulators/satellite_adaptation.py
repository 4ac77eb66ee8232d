"""Widths of intervals that follow each satellite's own errors.

Instruments differ (an accelerometer, or densities from positions alone), and so do years:
one width for all is too narrow for some. Each satellite's standard deviation is multiplied
with the root of the mean square of its past errors in standard deviations, weighted down
with age and held near one by a prior worth some samples. Only past errors are read.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, IntArray
from models.emulators.satellite_spread import HUBER

#: Samples that the prior "this satellite errs as expected" is worth.
PRIOR_SAMPLES = 20.0
#: Samples after which a past error counts 1/e.
MEMORY = 100.0


class Widths:
    """The running mean square of errors, by satellite."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, float]] = {}

    def factor(self, satellite: str) -> float:
        """What to multiply the satellite's standard deviation with."""
        squares, count = self._sums.get(satellite, (0.0, 0.0))
        return float(np.sqrt((squares + PRIOR_SAMPLES) / (count + PRIOR_SAMPLES)))

    def read(self, satellite: str, z: float) -> None:
        """Take in an error in standard deviations; a wild one counts as HUBER widths."""
        squares, count = self._sums.get(satellite, (0.0, 0.0))
        kept = 1.0 - 1.0 / MEMORY
        square = min(z**2, (HUBER * self.factor(satellite)) ** 2)
        self._sums[satellite] = (kept * squares + square, kept * count + 1.0)

    def factors(self) -> dict[str, float]:
        """Of every satellite that was read."""
        return {name: self.factor(name) for name in self._sums}


def run_widths(
    z: FloatArray, satellite: npt.NDArray[np.str_], group: IntArray, read: npt.NDArray[np.bool_]
) -> tuple[FloatArray, Widths]:
    """The factor of each row from the groups before it, and the widths after the last.

    z          row: errors in standard deviations; not looked at where `read` is False
    satellite  row
    group      row, not falling
    """
    widths, factor = Widths(), np.empty(len(z))
    starts = np.flatnonzero(np.diff(group, prepend=group[:1] - 1))
    for first, last in zip(starts, [*starts[1:], len(group)], strict=True):
        factor[first:last] = [widths.factor(str(name)) for name in satellite[first:last]]
        for row in np.flatnonzero(read[first:last]) + first:
            widths.read(str(satellite[row]), float(z[row]))
    return factor, widths
