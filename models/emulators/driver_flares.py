"""Take solar flares and misprints out of daily F10.7, and leave real activity in.

The flux is measured within minutes of 20 UTC. A flare in those minutes shows as one day
(rarely two) far above both its neighbours; a real active region, like that of 28-30
October 2003, rises and falls over days. So a day is judged by its *ratio* to the days
beside it, never by a plain threshold. The newest day has no later neighbour yet: it is
held back only when it jumps far more than any real day has, and judged again tomorrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FlareRules:
    """When a day is taken for a flare or a misprint.

    above     a day above both neighbours by more than this factor; of the days of
              1995-2025 that are kept the largest is 1.19
    below     a day below this part of both neighbours is a misprint
    jump      the newest day above all in `reach` before it by more than this factor; the
              largest rise of a good day is 1.35 (26 October 2003)
    reach     days to either side in which a neighbour is looked for; longest gap that is filled
    longest   days in a row that one flare can spoil
    """

    above: float = 1.2
    below: float = 0.8
    jump: float = 1.5
    reach: int = 3
    longest: int = 2


#: For values that a person states: nothing is a flare, and short gaps are filled all the same.
TRUSTED = FlareRules(above=math.inf, below=0.0, jump=math.inf)


@dataclass(frozen=True)
class CleanedFlux:
    """F10.7 without flares.

    f107, f107_adjusted  day; NaN where unknown
    replaced             day: true where the value is an interpolation
    """

    f107: FloatArray
    f107_adjusted: FloatArray
    replaced: BoolArray


def clean_flares(
    f107: FloatArray, f107_adjusted: FloatArray, rules: FlareRules | None = None
) -> CleanedFlux:
    """Replace contaminated days by interpolation in the logarithm between good days.

    The newest day, when it is held back, repeats the last good one. Adjusted flux is
    replaced on the same days. Unknown days (NaN) between known ones are interpolated too,
    up to `reach` of them; others stay unknown.
    """
    rules = rules or FlareRules()
    replaced = np.zeros(len(f107), dtype=np.bool_)
    for _ in range(rules.longest):
        replaced |= _contaminated(f107, replaced, rules)
    good = np.isfinite(f107) & ~replaced
    filled = replaced | _short_gaps(f107, rules.reach)
    return CleanedFlux(_filled(f107, good, filled), _filled(f107_adjusted, good, filled), filled)


def _contaminated(f107: FloatArray, replaced: BoolArray, rules: FlareRules) -> BoolArray:
    """Days that stand out against the nearest good days on both sides."""
    good = np.where(replaced, np.nan, f107)
    before = _nearest(good, rules.reach)
    after = _nearest(good[::-1], rules.reach)[::-1]
    newest = np.isnan(after) & (good > rules.jump * _highest(good, rules.reach))
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


def _highest(values: FloatArray, reach: int) -> FloatArray:
    """For each day the highest known value in the `reach` days before it, else NaN."""
    highest = np.full(len(values), np.nan)
    for step in range(1, min(reach, len(values) - 1) + 1):
        highest[step:] = np.fmax(highest[step:], values[:-step])
    return highest


def _short_gaps(values: FloatArray, reach: int) -> BoolArray:
    """Unknown days with known ones on both sides, not more than `reach` in a row."""
    gaps = np.zeros(len(values), dtype=np.bool_)
    known = np.flatnonzero(np.isfinite(values))
    length = np.diff(known) - 1
    for at in np.flatnonzero((length > 0) & (length <= reach)):
        gaps[known[at] + 1 : known[at + 1]] = True
    return gaps


def _filled(values: FloatArray, good: BoolArray, filled: BoolArray) -> FloatArray:
    """The days `filled` interpolated in the logarithm between the good ones."""
    at = np.flatnonzero(good & np.isfinite(values))
    out = np.array(values, dtype=np.float64)
    if len(at) and filled.any():
        out[filled] = np.exp(np.interp(np.flatnonzero(filled), at, np.log(values[at])))
    return out
