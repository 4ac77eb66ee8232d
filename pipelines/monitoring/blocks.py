"""Is the newest stretch of a series like the stretches before it?

Months of a year and days of a season are alike, so the months of a stretch are not so many
observations, and textbook p-values flag every second year of an undisturbed series. Here
the stretch is one observation: its statistic is held against the same statistic of every
stretch of that length in the reference, whose scatter holds all dependence within a
stretch. Overlapping stretches smooth that scatter, but only the number of those side by
side counts as observations, in Student's t.

level   against all of the reference: has it left its range
jump    against what the stretch before lets expect: has it changed faster than it does
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.contract import FloatArray


@dataclass(frozen=True)
class BlockTest:
    """statistic (Student's t), two-sided p, and what was compared."""

    statistic: float
    p_value: float
    recent: float
    usual: float


def trailing_mean(values: FloatArray, length: int, least: float = 0.5) -> FloatArray:
    """Mean of the newest `length` values at each time; NaN where fewer than a share `least` of
    them are known."""
    seen = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(seen, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(seen)])
    mean = np.full(len(values), np.nan)
    known = count[length:] - count[:-length]
    summed = total[length:] - total[:-length]
    enough = known >= max(1.0, least * length)
    mean[length - 1 :] = np.where(enough, summed / np.maximum(known, 1), np.nan)
    return mean


def level_test(stretch: FloatArray, length: int, floor: float, least: int) -> BlockTest | None:
    """Hold the newest stretch against all before; None where there are too few.

    stretch  time: a statistic of the `length` newest times, the recent stretch last
    floor    scatter below which a difference is of no consequence, in the statistic's unit
    least    stretches side by side that there must be
    """
    before = stretch[: len(stretch) - length]
    before = before[np.isfinite(before)]
    count = 1.0 + (len(before) - 1) / length if len(before) else 0.0
    if count < least or not np.isfinite(stretch[-1]):
        return None
    usual = float(before.mean())
    scatter = max(float(before.std()) * math.sqrt(count / (count - 1.0)), floor)
    return _tested(float(stretch[-1]), usual, scatter * math.sqrt(1.0 + 1.0 / count), count - 1.0)


def jump_test(stretch: FloatArray, length: int, floor: float, least: int) -> BlockTest | None:
    """Hold the newest stretch against the forecast that the stretch before it gives.

    The forecast is a straight line, fitted to all pairs of neighbouring stretches of the
    reference; its errors there are the yardstick. Arguments as for `level_test`.
    """
    begin, now = stretch[:-length], stretch[length:]
    known = np.isfinite(begin) & np.isfinite(now)
    known[max(len(now) - length, 0) :] = False
    count = 1.0 + (known.sum() - 1) / length if known.any() else 0.0
    if count < least or not np.isfinite([stretch[-1], stretch[-1 - length]]).all():
        return None
    x, y = begin[known], now[known]
    spread = float(x.var())
    slope = float(np.mean((x - x.mean()) * (y - y.mean()))) / spread if spread > 0 else 0.0
    usual = float(y.mean() + slope * (stretch[-1 - length] - x.mean()))
    errors = y - y.mean() - slope * (x - x.mean())
    scatter = max(float(errors.std()) * math.sqrt(count / (count - 2.0)), floor)
    far = (stretch[-1 - length] - x.mean()) ** 2 / spread if spread > 0 else 0.0
    wide = scatter * math.sqrt(1.0 + (1.0 + far) / count)
    return _tested(float(stretch[-1]), usual, wide, count - 2.0)


def unusual(distances: FloatArray, recent: float, length: int) -> tuple[float, float]:
    """How much larger a distance is than those of the reference: (t, one-sided p).

    distances  positive, of the reference's stretches, one per start, `length` side by side count
               as one; their logarithms are nearly normal
    """
    logs = np.log(np.maximum(distances, 1e-9))
    count = 1.0 + (len(logs) - 1) / length
    scatter = float(logs.std()) * math.sqrt(count / (count - 1.0))
    wide = max(scatter, 1e-3) * math.sqrt(1.0 + 1.0 / count)
    t = (math.log(max(recent, 1e-9)) - float(logs.mean())) / wide
    return t, float(stats.t.sf(t, count - 1.0))


def _tested(recent: float, usual: float, scatter: float, degrees: float) -> BlockTest:
    t = (recent - usual) / scatter
    return BlockTest(t, float(2.0 * stats.t.sf(abs(t), degrees)), recent, usual)
