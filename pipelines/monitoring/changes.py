"""When did a change begin? ADWIN (Bifet and Gavalda 2007) notices that the newest part of a
stream has another mean than what came before; the largest cumulative sum tells where.

It dates changes that the tests of `blocks` are sure of. Alone it is no proof: it takes
neighbouring values for independent, and those of months are not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.contract import FloatArray

#: Chance of a false cut for independent values, and values that it looks for cuts after.
_DELTA, _CLOCK, _LEAST = 0.05, 1, 3
#: Alarms that follow each other within so many values are of one change.
_QUIET = 12


def change_point(values: FloatArray) -> int | None:
    """Where the newest change that ADWIN notices began; None without one.

    values  time; NaN are left out. ADWIN wants values from 0 to 1, so they are scaled by the
            range that holds all but the outermost hundredths.
    """
    from river.drift import ADWIN

    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2 * _LEAST:
        return None
    low, high = np.quantile(values[known], [0.01, 0.99])
    scaled = np.clip((values[known] - low) / max(float(high - low), 1e-12), 0.0, 1.0)
    detector = ADWIN(delta=_DELTA, clock=_CLOCK, min_window_length=_LEAST, grace_period=_LEAST)
    alarms = [place for place, value in enumerate(scaled) if _alarm(detector, float(value))]
    # Several alarms in a row are of one change.
    begun = [a for a, b in zip(alarms, [-_QUIET, *alarms], strict=False) if a - b >= _QUIET]
    if not begun:
        return None
    start = begun[-2] if len(begun) > 1 else 0
    return int(known[start + _split(scaled[start:])])


def _split(values: FloatArray) -> int:
    """Where a series is parted best in two of different means (largest cumulative sum)."""
    away = np.abs(np.cumsum(values - values.mean()))
    return int(np.argmax(away[:-1])) + 1


def _alarm(detector: Any, value: float) -> bool:
    detector.update(value)
    return bool(detector.drift_detected)
