"""Lo (2002) for Sharpe ratios of autocorrelated returns: standard error and annualisation.

Smoothed returns (hedge funds, property, illiquid bonds) look steadier than they are: √12 then
overstates the ratio of a year, and the error for independent returns is too small.
"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.errors import ModelError
from models.transforms.sharpe_inference import (
    MIN_VARIANCE,
    centred,
    check_periods,
    error_of,
    sharpe_moments,
)


def autocorrelated_error(excess: FloatArray, lags: int | None = None) -> FloatArray:
    """Standard error for autocorrelated returns of any distribution (Lo 2002).

    excess   ... × time, per period; NaN where missing
    lags     of the Bartlett kernel (Newey and West 1987); None: 4 (T/100)^(2/9), rounded down

    Without lags it is `moment_error`, but for T in place of T - 1. A pair of months of which
    one is missing counts as zero.
    """
    if lags is not None and lags < 0:
        raise ModelError(f"lags: expected no negative number, got {lags}")
    ratio = sharpe_moments(excess).ratio
    deviation, _mean, count = centred(excess)
    scale = np.sqrt((deviation**2).sum(axis=-1) / np.maximum(count, 1))
    z = deviation / np.where(np.isfinite(ratio), scale, 1.0)[..., None]
    # The first-order influence of each return on the ratio.
    influence = z - ratio[..., None] / 2.0 * (z**2 - 1.0)
    influence = np.where(np.isfinite(excess), influence, 0.0)
    bandwidth = _bandwidth(count) if lags is None else np.full(count.shape, lags)
    variance = (influence**2).sum(axis=-1) / np.maximum(count, 1)
    for lag in range(1, int(bandwidth.max(initial=0)) + 1):
        weight = np.maximum(1.0 - lag / (bandwidth + 1.0), 0.0)
        variance = variance + 2.0 * weight * _lagged(influence, lag) / np.maximum(count, 1)
    return np.where(np.isfinite(ratio), error_of(variance, count), np.nan)


def _bandwidth(count: FloatArray) -> FloatArray:
    return np.floor(4.0 * (np.maximum(count, 1) / 100.0) ** (2.0 / 9.0))


def _lagged(values: FloatArray, lag: int) -> FloatArray:
    """Sum of products of values `lag` periods apart."""
    if lag >= values.shape[-1]:
        return np.zeros(values.shape[:-1])
    return np.asarray((values[..., lag:] * values[..., :-lag]).sum(axis=-1))


def annualisation_factor(excess: FloatArray, periods_per_year: int) -> FloatArray:
    """η(q) that turns a Sharpe ratio per period into one per year (Lo 2002).

    q / √(q + 2 Σ (q - k) ρ_k) over k = 1 .. q - 1, which is √q without autocorrelation. Positive
    autocorrelation lowers it, negative raises it. NaN where a series has no more than q returns
    or no dispersion.
    """
    check_periods(periods_per_year)
    deviation, _mean, count = centred(excess)
    total = (deviation**2).sum(axis=-1)
    usable = (count > periods_per_year) & np.isfinite(sharpe_moments(excess).ratio)
    variance = np.full(count.shape, float(periods_per_year))
    for lag in range(1, periods_per_year):
        correlation = _lagged(deviation, lag) / np.where(usable, total, 1.0)
        variance = variance + 2.0 * (periods_per_year - lag) * correlation
    usable = usable & (variance > MIN_VARIANCE)
    return np.where(usable, periods_per_year / np.sqrt(np.where(usable, variance, 1.0)), np.nan)
