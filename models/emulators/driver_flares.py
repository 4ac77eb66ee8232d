"""Take solar flares and misprints out of daily F10.7, and leave real activity in.

The flux is measured within minutes of 20 UTC. A flare in those minutes shows as one day
(rarely two) far above both its neighbours; a real active region, like that of 28-30
October 2003, rises and falls over days. So a day is judged by its *ratio* to the days
beside it, never by a plain threshold. The newest day has no later neighbour yet: it is
held back only when it jumps far more than any real day has, and judged again tomorrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FlareRules:
    """When a day is taken for a flare or a misprint.

    above     a day above both neighbours by more than this factor; 1995-2025 the largest
              of days without a flare at 20 UTC is 1.17
    below     a day below this part of both neighbours is a misprint
    jump      the newest day above the day before by more than this factor
    reach     days to either side in which a neighbour is looked for
    longest   days in a row that one flare can spoil
    """

    above: float = 1.2
    below: float = 0.8
    jump: float = 1.5
    reach: int = 3
    longest: int = 2


@dataclass(frozen=True)
class CleanedFlux:
    """F10.7 without flares.

    f107, f107_adjusted  day; NaN where unknown
    replaced             day: true where the value was interpolated
    """

    f107: FloatArray
    f107_adjusted: FloatArray
    replaced: BoolArray


def clean_flares(
    f107: FloatArray, f107_adjusted: FloatArray, rules: FlareRules | None = None
) -> CleanedFlux:
    """Replace contaminated days by interpolation in the logarithm between good days.

    The newest day, when it is held back, repeats the last good one. Adjusted flux is
    replaced on the same days. Unknown days (NaN) stay unknown.
    """
    rules = rules or FlareRules()
    replaced = np.zeros(len(f107), dtype=np.bool_)
    for _ in range(rules.longest):
        replaced |= _contaminated(f107, replaced, rules)
    return CleanedFlux(_filled(f107, replaced), _filled(f107_adjusted, replaced), replaced)


def _contaminated(f107: FloatArray, replaced: BoolArray, rules: FlareRules) -> BoolArray:
    """Days that stand out against the nearest good days on both sides."""
    good = np.where(replaced, np.nan, f107)
    before = _nearest(good, rules.reach)
    after = _nearest(good[::-1], rules.reach)[::-1]
    newest = np.isnan(after) & (good > rules.jump * before)
    high = good > rules.above * np.maximum(before, after)
    low = good < rules.below * np.minimum(before, after)
    # The day after a flare looks low beside it; it is judged once the flare is out.
    beside = np.zeros_like(high)
    beside[1:] |= high[:-1]
    beside[:-1] |= high[1:]
    return np.asarray(high | newest | (low & ~beside))


def _nearest(values: FloatArray, reach: int) -> FloatArray:
    """For each day the nearest known value of the days before it, NaN when none is in reach."""
    nearest = np.full(len(values), np.nan)
    for step in range(min(reach, len(values) - 1), 0, -1):
        earlier = values[:-step]
        nearest[step:] = np.where(np.isnan(earlier), nearest[step:], earlier)
    return nearest


def _filled(values: FloatArray, replaced: BoolArray) -> FloatArray:
    good = np.flatnonzero(np.isfinite(values) & ~replaced)
    out = np.array(values, dtype=np.float64)
    if len(good) and replaced.any():
        out[replaced] = np.exp(np.interp(np.flatnonzero(replaced), good, np.log(values[good])))
        out[replaced & np.isnan(values)] = np.nan
    return out
