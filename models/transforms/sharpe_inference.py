"""How far a Sharpe ratio can be trusted: standard errors, intervals, PSR, DSR, track record.

Everything is per period and for whole panels: series of unequal length, with NaN where a
return is missing. Only `annualise` changes the period. Kurtosis is the plain fourth
standardised moment, 3 for the normal distribution, not the excess over it. What cannot be
told is NaN, never infinite.

Which error to choose: `moment_error` by default; `autocorrelated_error` of
`sharpe_autocorrelation` for smoothed returns (hedge funds, property); `iid_error` where a
textbook asks for it; `sharpe_bootstrap` when few assumptions are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from models.contract import FloatArray
from models.errors import ModelError
from models.transforms.sharpe import MIN_DISPERSION

#: Variance of a ratio (times its length) below which it is rounding noise.
MIN_VARIANCE = 1e-12


@dataclass(frozen=True)
class SharpeMoments:
    """What a Sharpe ratio's distribution depends on, one value per series.

    count     number of returns
    ratio     Sharpe ratio per period (standard deviation with ddof 1), NaN without dispersion
    skew      third standardised moment (population)
    kurtosis  fourth standardised moment (population), 3 for the normal distribution
    """

    count: FloatArray
    ratio: FloatArray
    skew: FloatArray
    kurtosis: FloatArray


def sharpe_moments(excess: FloatArray) -> SharpeMoments:
    """Moments of excess returns along the last axis; missing ones (NaN) are left out."""
    deviation, mean, count = centred(excess)
    total = (deviation**2).sum(axis=-1)
    spread = np.sqrt(total / np.maximum(count - 1, 1))
    moving = (count >= 2) & (spread > MIN_DISPERSION)
    z = deviation / np.where(moving, np.sqrt(total / np.maximum(count, 1)), 1.0)[..., None]

    square = z * z

    def moment(powers: FloatArray) -> FloatArray:
        return np.where(moving, powers.sum(axis=-1) / np.maximum(count, 1), np.nan)

    ratio = np.where(moving, mean / np.where(moving, spread, 1.0), np.nan)
    return SharpeMoments(count, ratio, moment(square * z), moment(square * square))


def centred(excess: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Deviations from the mean (zero where a return is missing), the mean, number of returns."""
    seen = np.isfinite(excess)
    count = seen.sum(axis=-1)
    mean = np.where(seen, excess, 0.0).sum(axis=-1) / np.maximum(count, 1)
    return np.where(seen, excess - mean[..., None], 0.0), mean, count


def iid_error(moments: SharpeMoments) -> FloatArray:
    """Standard error for independent normal returns, √((1 + SR²/2) / T) (Lo 2002)."""
    return error_of(1.0 + moments.ratio**2 / 2.0, moments.count)


def moment_error(moments: SharpeMoments) -> FloatArray:
    """Standard error with skewness and kurtosis (Mertens 2002; Opdyke 2007).

    √((1 - skew SR + (kurtosis - 1) SR² / 4) / (T - 1)); the T - 1 is that of Bailey and
    Lopez de Prado (2012), whose probabilistic Sharpe ratio uses this error.
    """
    return error_of(_moment_variance(moments), np.asarray(moments.count) - 1)


def _moment_variance(moments: SharpeMoments) -> FloatArray:
    skewed = moments.skew * moments.ratio
    return np.asarray(1.0 - skewed + (moments.kurtosis - 1.0) / 4.0 * moments.ratio**2)


def error_of(variance: FloatArray, count: FloatArray) -> FloatArray:
    """√(variance / count), NaN where there is no variance or nothing to divide by."""
    usable = (variance > MIN_VARIANCE) & (np.asarray(count) > 0)
    share = np.where(usable, variance, 1.0) / np.where(usable, count, 1)
    return np.where(usable, np.sqrt(share), np.nan)


def annualise(per_period: FloatArray, periods_per_year: int) -> FloatArray:
    """A ratio, error or bound per period times √periods_per_year."""
    check_periods(periods_per_year)
    return np.asarray(per_period * np.sqrt(periods_per_year))


def check_periods(periods_per_year: int) -> None:
    """Raise ModelError for a frequency that is none."""
    if periods_per_year < 1:
        raise ModelError(f"periods_per_year: expected a positive number, got {periods_per_year}")


def interval(
    ratio: FloatArray, error: FloatArray, coverage: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Central interval of a ratio that is normal with this error; same shapes and period."""
    _check_probability("coverage", coverage)
    half = ndtri((1.0 + coverage) / 2.0) * error
    return np.asarray(ratio - half), np.asarray(ratio + half)


def _check_probability(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise ModelError(f"{name}: expected a probability between 0 and 1, got {value}")


def probabilistic_sharpe(moments: SharpeMoments, benchmark: FloatArray | float = 0.0) -> FloatArray:
    """Probability that the true ratio exceeds `benchmark` (per period too).

    Bailey and Lopez de Prado (2012), "The Sharpe ratio efficient frontier".
    """
    return np.asarray(ndtr((moments.ratio - benchmark) / moment_error(moments)))


def expected_best_sharpe(trials: int, variance: FloatArray | float) -> FloatArray:
    """Ratio per period that the best of `trials` worthless ones is expected to show.

    variance   of the ratios per period over the trials

    Bailey and Lopez de Prado (2014), "The deflated Sharpe ratio". One trial: zero.
    """
    if trials < 1:
        raise ModelError(f"trials: expected at least 1, got {trials}")
    if np.any(np.asarray(variance) < 0):
        raise ModelError(f"variance of the trials: expected no negative value, got {variance}")
    if trials == 1:
        return np.zeros(np.shape(variance))
    first, second = ndtri(1.0 - 1.0 / trials), ndtri(1.0 - 1.0 / (trials * np.e))
    share = np.euler_gamma
    return np.asarray(np.sqrt(variance) * ((1.0 - share) * first + share * second))


def deflated_sharpe(
    moments: SharpeMoments, trials: int, variance: FloatArray | float
) -> FloatArray:
    """Probability that the true ratio is positive although it was picked among `trials`.

    trials     number of funds or of tuning trials that the series was picked from
    variance   of their ratios per period

    Bailey and Lopez de Prado (2014): the probabilistic ratio against the expected best.
    """
    return probabilistic_sharpe(moments, expected_best_sharpe(trials, variance))


def min_track_record(
    moments: SharpeMoments, benchmark: FloatArray | float = 0.0, confidence: float = 0.95
) -> FloatArray:
    """Number of periods after which the ratio exceeds `benchmark` with this confidence.

    Bailey and Lopez de Prado (2012). NaN where the ratio does not exceed it: no
    length would do. A confidence below one half asks for nothing and is refused.
    """
    _check_probability("confidence", confidence)
    if confidence < 0.5:
        raise ModelError(f"confidence: expected at least 0.5, got {confidence}")
    gain = np.asarray(moments.ratio - benchmark)
    above = gain > 0.0
    needed = (ndtri(confidence) / np.where(above, gain, 1.0)) ** 2
    return np.where(above, 1.0 + _moment_variance(moments) * needed, np.nan)
