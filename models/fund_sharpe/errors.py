"""The distribution of the reference's errors, standardised by its spread."""

from __future__ import annotations

import numpy as np
from scipy import stats

from models.contract import LEVELS, FloatArray
from models.transforms.fund_windows import FundFeatures
from models.transforms.residuals import date_equal_quantiles

#: Dates with known outcomes that a distribution of errors needs; else it is normal.
MIN_CALIBRATION_DATES = 12


def error_quantiles(
    features: FundFeatures, min_history: int, months: int, cutoff: int
) -> FloatArray:
    """Quantiles of (outcome - reference) / spread at LEVELS, lead × level.

    Of the newest `months` origins whose outcome is known at time index `cutoff`; every
    date counts the same, because funds of one date move together.
    """
    return np.stack(
        [
            _quantiles_of_lead(features, lead, min_history, months, cutoff)
            for lead in range(len(features.leads))
        ]
    )


def _quantiles_of_lead(
    features: FundFeatures, lead: int, min_history: int, months: int, cutoff: int
) -> FloatArray:
    newest = cutoff - features.leads[lead].horizon
    times = np.arange(max(newest - months + 1, 0), newest + 1)
    series, origin = features.rows(times, min_history)
    error = (features.outcome - features.reference)[series, origin, lead]
    error = error / features.spread[series, origin, lead]
    known = np.isfinite(error)
    if len(np.unique(origin[known])) < MIN_CALIBRATION_DATES:
        return np.asarray(stats.norm.ppf(LEVELS))
    return date_equal_quantiles(error[known], origin[known], LEVELS)
