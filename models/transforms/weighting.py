"""Weights of an ensemble's members, per lead: never negative, sum one, from errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import nnls

from models.contract import FloatArray

#: (errors row × member, weight row) -> weight of each member.
WeightRule = Callable[[FloatArray, FloatArray], FloatArray]


def member_weights(errors: FloatArray, weight: FloatArray, rule: str) -> FloatArray:
    """Weights, member × lead.

    errors  member × row × lead: forecast less outcome, NaN where there is no outcome
    weight  row: what a row counts for
    rule    one of WEIGHTINGS; a lead without any outcome gets equal weights
    """
    members, _, leads = errors.shape
    weights = np.full((members, leads), 1.0 / members)
    for lead in range(leads):
        known = np.isfinite(errors[:, :, lead]).all(axis=0)
        if known.any():
            weights[:, lead] = WEIGHTINGS[rule](errors[:, known, lead].T, weight[known])
    return weights


def _equal(errors: FloatArray, _weight: FloatArray) -> FloatArray:
    return np.full(errors.shape[1], 1.0 / errors.shape[1])


def _inverse_error(errors: FloatArray, weight: FloatArray) -> FloatArray:
    """Inverse mean squared errors (Bates and Granger 1969, without correlations)."""
    squared = np.average(errors**2, axis=0, weights=weight)
    inverse = 1.0 / np.maximum(squared, np.finfo(float).tiny ** 0.5)
    return np.asarray(inverse / inverse.sum())


def _stacked(errors: FloatArray, weight: FloatArray) -> FloatArray:
    """Least squares over the simplex (Breiman 1996).

    As the weights w sum to one, the combined error is `errors @ w`. One more equation asks
    for that sum; its scale does not matter, because along any direction the penalised
    minimum grows with the squared error alone, so normalising gives the exact solution.
    """
    rows = errors * np.sqrt(weight / weight.sum())[:, None]
    size = max(float(np.sqrt((rows**2).sum())), np.finfo(float).tiny ** 0.5)
    system = np.vstack([rows / size, np.ones(errors.shape[1])])
    found, _ = nnls(system, np.append(np.zeros(len(rows)), 1.0))
    return np.asarray(found / found.sum())


WEIGHTINGS: dict[str, WeightRule] = {
    "equal": _equal,
    "inverse_error": _inverse_error,
    "stacked": _stacked,
}
