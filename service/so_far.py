"""Sharpe ratios of the past, each with its standard error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.transforms.sharpe_inference import annualise, moment_error, sharpe_moments
from service.schemas import SharpeSoFar

_DIGITS = 6
_MIN_MONTHS = 4


def newest_window(excess: FloatArray, window: int, periods_per_year: int) -> list[SharpeSoFar]:
    """Sharpe ratio of the newest `window` months of each series; null when one is missing.

    excess   series × time, NaN where missing
    """
    newest = excess[:, -window:]
    whole = np.isfinite(newest).sum(axis=1) == window
    return _so_far(newest, whole, periods_per_year)


def full_history(excess: FloatArray, periods_per_year: int) -> list[SharpeSoFar]:
    """Sharpe ratio of all months with a return, of each series."""
    return _so_far(excess, np.isfinite(excess).sum(axis=1) >= _MIN_MONTHS, periods_per_year)


def _so_far(
    excess: FloatArray, enough: npt.NDArray[np.bool_], periods_per_year: int
) -> list[SharpeSoFar]:
    moments = sharpe_moments(excess)
    ratio = annualise(moments.ratio, periods_per_year)
    error = annualise(moment_error(moments), periods_per_year)
    known = enough & np.isfinite(ratio)
    return [
        SharpeSoFar(
            months=int(moments.count[row]),
            value=round(float(ratio[row]), _DIGITS) if known[row] else None,
            standard_error=(
                round(float(error[row]), _DIGITS)
                if known[row] and np.isfinite(error[row])
                else None
            ),
        )
        for row in range(len(excess))
    ]
