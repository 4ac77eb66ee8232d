"""Coefficients of fields of which some cells are missing.

Components that leave out independent noise are a Gaussian model of the fields, so the best
coefficients, given some cells, are their conditional mean: least squares on these cells, each
weighed by what the components leave out there, and pulled to zero where little is seen::

    c = (B' R^-1 B + V^-1)^-1 B' R^-1 (y - mean)     over the cells that are seen
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray


def coefficients_of_gaps(
    fields: FloatArray,
    mean: FloatArray,
    basis: FloatArray,
    variance: FloatArray,
    residual: FloatArray,
) -> npt.NDArray[np.float64]:
    """... × cell, NaN where missing -> ... × component; zero, the mean field, without any cell.

    basis     cell × component
    variance  of each coefficient
    residual  of each cell: variance of what components leave out
    """
    flat = fields.reshape(-1, fields.shape[-1])
    seen = ~np.isnan(flat)
    patterns, which = np.unique(np.packbits(seen, axis=1), axis=0, return_inverse=True)
    found = np.empty((len(flat), basis.shape[1]))
    prior = np.diag(1.0 / np.maximum(variance, np.finfo(np.float64).tiny))
    for pattern in range(len(patterns)):
        rows = np.flatnonzero(which.ravel() == pattern)
        cells = seen[rows[0]]
        weighed = basis[cells].astype(np.float64) / residual[cells, None]
        apart = (flat[np.ix_(rows, np.flatnonzero(cells))] - mean[cells]).astype(np.float64)
        normal = weighed.T @ basis[cells] + prior
        found[rows] = np.linalg.solve(normal, weighed.T @ apart.T).T
    return found.reshape(*fields.shape[:-1], -1)
