"""How far measured densities scatter: a noise variance by place, flux and activity.

Shared by the correction and the assimilation: both state a normal distribution of log10
density, and both hold the factor that makes its 90 % interval right on past errors.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtri

from models.contract import FloatArray
from models.errors import ModelError

#: Coverage that the calibration aims at.
COVERAGE = 0.9
#: Errors beyond this many standard deviations count linearly: bad samples exist.
HUBER = 3.0
#: Prior standard deviation of each slope of the logarithm of the variance. Tight: one
#: satellite sees few heights, and a steep slope would be carried to another's.
SLOPE_PRIOR = 0.2
#: Errors that a calibration needs at least.
MIN_ERRORS = 50


def huber(z: FloatArray) -> FloatArray:
    """Half the square up to HUBER, a straight line beyond."""
    size = np.abs(z)
    return np.asarray(np.where(size <= HUBER, 0.5 * z**2, HUBER * size - 0.5 * HUBER**2))


def fit_log_variance(design: FloatArray, error: FloatArray) -> FloatArray:
    """Weights of the design whose sum is the logarithm of the variance of the errors.

    design  row × column, the first column constant
    error   row, finite

    Penalised likelihood of the normal distribution with Huber's loss.
    """
    start = np.zeros(design.shape[1])
    start[0] = math.log(float(np.mean(error**2)))

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        logarithm = design @ weights
        z = error * np.exp(-0.5 * logarithm)
        value = 0.5 * logarithm.sum() + huber(z).sum() + 0.5 * (weights[1:] ** 2).sum() / prior
        slope = 0.5 - 0.5 * z * np.clip(z, -HUBER, HUBER)
        gradient = design.T @ slope
        gradient[1:] += weights[1:] / prior
        return float(value), gradient

    prior = SLOPE_PRIOR**2
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def interval_factor(z: FloatArray) -> float:
    """What standard deviations are multiplied with so that 90 % intervals hold 90 %.

    z  errors of the past in standard deviations, each from a forecast that had not seen it

    Split-conformal: the ⌈0.9 (n + 1)⌉-th smallest size over the normal quantile. Raises
    ModelError for fewer than MIN_ERRORS errors.
    """
    if len(z) < MIN_ERRORS:
        raise ModelError(
            f"{len(z)} errors to calibrate intervals on: expected {MIN_ERRORS} or more; "
            "give a longer span of samples"
        )
    rank = math.ceil((len(z) + 1) * COVERAGE) - 1
    return float(np.sort(np.abs(z))[rank] / ndtri(0.5 + COVERAGE / 2.0))
