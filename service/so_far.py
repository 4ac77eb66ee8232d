"""Sharpe ratios of the past, each with its standard error."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.transforms.sharpe import sharpe_ratio
from models.transforms.sharpe_inference import annualise, moment_error, sharpe_moments
from service.schemas import SharpeSoFar

_DIGITS = 6
_MIN_MONTHS = 4


def newest_window(excess: FloatArray, window: int, periods_per_year: int) -> SharpeSoFar:
    """Sharpe ratio of the newest `window` months; null when one of them is missing."""
    return _so_far(excess[-window:], window, periods_per_year)


def full_history(excess: FloatArray, periods_per_year: int) -> SharpeSoFar:
    """Sharpe ratio of all months with a return."""
    return _so_far(excess[np.isfinite(excess)], _MIN_MONTHS, periods_per_year)


def _so_far(excess: FloatArray, needed: int, periods_per_year: int) -> SharpeSoFar:
    ratio = float(sharpe_ratio(excess, periods_per_year))
    if len(excess) < needed or not np.isfinite(ratio):
        return SharpeSoFar(months=int(np.isfinite(excess).sum()), value=None, standard_error=None)
    error = float(annualise(moment_error(sharpe_moments(excess)), periods_per_year))
    return SharpeSoFar(
        months=len(excess),
        value=round(ratio, _DIGITS),
        standard_error=round(error, _DIGITS) if np.isfinite(error) else None,
    )
