"""Is the mean of a series of dates zero? Forecast origins overlap, so neighbours are alike.

`zero_mean_test` is the statistic of Diebold and Mariano (1995) with the correction and
the t distribution of Harvey, Leybourne and Newbold (1997), the one that readers know.
`fixed_smoothing_test` keeps its size better where few outcomes are independent, at some
cost in power. Loss differentials, rank correlations and spreads of portfolios go
through them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.contract import FloatArray, IntArray

RECTANGULAR = "dm_hln"
BARTLETT = "dm_hln_bartlett"
FIXED_SMOOTHING = "dm_fixed_smoothing"

#: A variance below this share of the mean square is rounding, not variation.
NOISE = 1e-20


@dataclass(frozen=True)
class MeanTest:
    """Test of a zero mean; None where the series is too short or does not vary.

    statistic  positive where the mean is
    p_less     one-sided, H1: the mean is below zero
    p_two      two-sided
    method     which estimator of the variance was used
    """

    statistic: float | None
    p_less: float | None
    p_two: float | None
    method: str


def overlap(horizon: int, origin_index: IntArray) -> int:
    """Return how many later origins share part of an origin's target.

    ceil(horizon / spacing) - 1, where spacing is the smallest distance of two origins.
    """
    if len(origin_index) < 2:
        return 0
    spacing = int(np.diff(np.unique(origin_index)).min())
    return math.ceil(horizon / spacing) - 1


def enough_dates(n: int, lags: int) -> bool:
    """Return whether n dates outlast their overlap; the correction is zero where not."""
    return n > max(lags + 1, 2)


def zero_mean_test(values: FloatArray, lags: int) -> MeanTest:
    """Test whether the mean of `values` (date, ascending) is zero.

    lags  number of neighbours that a date is correlated with, from `overlap`
    """
    n, steps = len(values), lags + 1
    if not enough_dates(n, lags):
        return MeanTest(None, None, None, RECTANGULAR)
    variance, method = long_run_variance(values, lags)
    if variance <= NOISE * float(np.mean(values**2)):
        return MeanTest(None, None, None, method)
    correction = (n + 1 - 2 * steps + steps * (steps - 1) / n) / n
    statistic = float(np.mean(values)) * math.sqrt(correction * n / variance)
    return _t_test(statistic, n - 1, method)


def fixed_smoothing_test(values: FloatArray, lags: int) -> MeanTest:
    """Test a zero mean with the equal-weighted cosine estimator of the variance.

    The mean square of the first B = 0.4 n^(2/3) cosine transforms, and a t distribution
    with B degrees of freedom, which knows how little they say (Lazarus, Lewis, Stock and
    Watson 2018; for forecasts Coroneo and Iacone 2020). `lags` only says, as in
    `zero_mean_test`, when there are too few dates.
    """
    if not enough_dates(len(values), lags):
        return MeanTest(None, None, None, FIXED_SMOOTHING)
    variance, count = smoothed_variance(values)
    if variance <= NOISE * float(np.mean(values**2)):
        return MeanTest(None, None, None, FIXED_SMOOTHING)
    statistic = float(np.mean(values)) * math.sqrt(len(values) / variance)
    return _t_test(statistic, count, FIXED_SMOOTHING)


def smoothed_variance(values: FloatArray, most: int | None = None) -> tuple[float, int]:
    """Return n times the variance of the mean as `fixed_smoothing_test` estimates it, and B.

    most  largest B. Where outcomes overlap for long, the number of spans side by side: the
          spectrum falls beyond it, and the variance would come out too small
    """
    n = len(values)
    count = max(1, min(int(0.4 * n ** (2 / 3)), n if most is None else most))
    angles = np.outer(np.arange(1, count + 1), np.arange(n) + 0.5) * (math.pi / n)
    return float(np.mean((np.cos(angles) @ values) ** 2)) * 2.0 / n, count


def _t_test(statistic: float, degrees: int, method: str) -> MeanTest:
    p_less = float(stats.t.cdf(statistic, degrees))
    return MeanTest(statistic, p_less, 2.0 * min(p_less, 1.0 - p_less), method)


def long_run_variance(values: FloatArray, lags: int) -> tuple[float, str]:
    """Return n times the variance of the mean, and the estimator's name.

    Rectangular weights as in the paper, where forecasts `lags` apart no longer overlap;
    when they give no positive variance, Bartlett's (Newey and West 1987), which cannot
    be negative.
    """
    around = values - values.mean()
    covariance = np.array([around[k:] @ around[: len(around) - k] for k in range(lags + 1)])
    covariance = covariance / len(values)
    rectangular = float(covariance[0] + 2.0 * covariance[1:].sum())
    if rectangular > 0:
        return rectangular, RECTANGULAR
    weights = 1.0 - np.arange(1, lags + 1) / (lags + 1)
    return float(covariance[0] + 2.0 * weights @ covariance[1:]), BARTLETT
