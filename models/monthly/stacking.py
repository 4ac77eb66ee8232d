"""Weights of an ensemble's members for absolute errors, near equal unless one failed.

The weights are an average over a grid on the simplex, in which each point counts by how
well it did: exponential weights once more. With few outcomes, or members that are equally
good, that is close to equal weights, which are hard to beat (Smith and Wallis 2009). Members
that failed are trimmed first, as is usual in combining (Jose and Winkler 2008).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from models.contract import FloatArray
from models.errors import ModelError

#: A member that is worse than the best by more than this share of its error is left out.
TRIM = 0.2
#: Parts into which the whole weight is cut on the grid.
PARTS = 10


def simplex(members: int, parts: int = PARTS) -> FloatArray:
    """All ways to share `parts` equal parts of the weight, point × member."""
    bars = combinations(range(parts + members - 1), members - 1)
    edges = np.array([(-1, *bar, parts + members - 1) for bar in bars])
    return (np.diff(edges, axis=1) - 1) / parts


def stack(
    points: FloatArray, outcome: FloatArray, scale: FloatArray, temperature: float
) -> FloatArray:
    """Weight of each member; equal ones where nothing has an outcome.

    points       member × row × lead: the members' forecasts
    outcome      row × lead, NaN where there is none
    scale        row × lead, positive
    temperature  relative excess of the mean absolute error at which a point of the grid
                 counts 1/e of the best
    """
    if temperature <= 0:
        raise ModelError(f"temperature of stacking: expected above 0, got {temperature}")
    known = np.isfinite(outcome) & np.isfinite(points).all(axis=0)
    if not known.any():
        return np.full(len(points), 1.0 / len(points))
    forecasts = points[:, known] / scale[known]
    target = outcome[known] / scale[known]
    alone = np.abs(forecasts - target).mean(axis=1)
    kept = alone <= (1.0 + TRIM) * alone.min()
    grid = simplex(int(kept.sum()))
    loss = np.array([np.abs(weights @ forecasts[kept] - target).mean() for weights in grid])
    least = max(float(loss.min()), np.finfo(float).tiny ** 0.5)
    trust = np.exp(-(loss - loss.min()) / (temperature * least))
    weights = np.zeros(len(points))
    weights[kept] = trust @ grid / trust.sum()
    return weights
