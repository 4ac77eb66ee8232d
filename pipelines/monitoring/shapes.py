"""Distances between the values of a stretch and those of the reference: KS and PSI.

Neither's textbook table holds for values that are alike in time, so both are held against
the distances that the reference's own stretches have (`blocks.unusual`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from models.contract import FloatArray
from pipelines.monitoring.blocks import BlockTest, unusual

Distance = Callable[[FloatArray, FloatArray], float]


def ks_distance(reference: FloatArray, recent: FloatArray) -> float:
    """Largest difference of the two distribution functions (Kolmogorov-Smirnov)."""
    return float(stats.ks_2samp(reference, recent, method="asymp").statistic)


def psi_distance(reference: FloatArray, recent: FloatArray, bins: int) -> float:
    """Population stability index over bins that hold equal shares of the reference.

    Half a value is added to every bin, so that an empty one is no infinite distance.
    """
    edges = np.quantile(reference, np.arange(1, bins) / bins)
    shares = [
        (np.bincount(np.searchsorted(edges, v, side="right"), minlength=bins) + 0.5)
        / (len(v) + 0.5 * bins)
        for v in (reference, recent)
    ]
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))


def shape_test(points: FloatArray, length: int, least: int, distance: Distance) -> BlockTest | None:
    """Hold the distance of the newest `length` values against those of earlier stretches.

    points  time, NaN where unknown. None where fewer than `least` stretches can be compared.
    """
    before, recent = points[:-length], points[-length:]
    starts = range(0, len(before) - length + 1, max(1, length // 4))
    made = [_apart(before, start, length, distance) for start in starts]
    found = np.array([d for d in made if d is not None])
    here = recent[np.isfinite(recent)]
    per_block = length / max(1, length // 4)
    if len(found) < 2 or 1.0 + (len(found) - 1) / per_block < least or len(here) < length / 2:
        return None
    now = distance(before[np.isfinite(before)], here)
    t, p = unusual(found, now, int(per_block))
    return BlockTest(t, p, now, float(np.exp(np.log(np.maximum(found, 1e-9)).mean())))


def _apart(before: FloatArray, start: int, length: int, distance: Distance) -> float | None:
    """Distance of one stretch from all the others."""
    own = before[start : start + length]
    rest = np.concatenate([before[:start], before[start + length :]])
    own, rest = own[np.isfinite(own)], rest[np.isfinite(rest)]
    return distance(rest, own) if len(own) >= length / 2 and len(rest) else None
