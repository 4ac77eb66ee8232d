"""The distribution of forecast errors, standardised by the reference's spread.

Errors of the past are taken for their shape and width alone: their mean rests on a handful
of independent outcomes (five years hold five disjoint ones at twelve months), and carrying
it forward costs more than it gives. The spread is theory's for each lead, so all leads share
one shape: the mean of their quantiles is less noisy than each. Newest months and all months
count half each: the newest tell today's width, all of them what a crisis does.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from models.contract import LEVELS, FloatArray, IntArray
from models.transforms.fund_windows import FundFeatures
from models.transforms.residuals import date_equal_quantiles, date_equal_weights

#: Dates with known outcomes that a distribution of errors needs; else it is normal.
MIN_CALIBRATION_DATES = 12


def error_quantiles(
    features: FundFeatures, min_history: int, months: int, cutoff: int
) -> FloatArray:
    """Quantiles of (outcome - reference) / spread at LEVELS about their mean, level.

    Half of the newest `months` origins whose outcome is known at time index `cutoff`, half
    of all; every date counts the same, because funds of one date move together.
    """
    spans = (months, cutoff + 1)
    own = [
        _quantiles(*known_errors(features, lead, min_history, span, cutoff))
        for lead in range(len(features.leads))
        for span in spans
    ]
    return np.asarray(np.mean(own, axis=0))


def known_errors(
    features: FundFeatures, lead: int, min_history: int, months: int, cutoff: int
) -> tuple[FloatArray, IntArray]:
    """Standardised errors of the reference, and the origin of each."""
    newest = cutoff - features.leads[lead].horizon
    times = np.arange(max(newest - months + 1, 0), newest + 1)
    series, origin = features.rows(times, min_history)
    at = (series, origin, lead)
    error = (features.outcome[at] - features.reference[at]) / features.spread[at]
    known = np.isfinite(error)
    return error[known], origin[known]


def _quantiles(errors: FloatArray, dates: IntArray) -> FloatArray:
    if len(np.unique(dates)) < MIN_CALIBRATION_DATES:
        return np.asarray(stats.norm.ppf(LEVELS))
    centre = float(date_equal_weights(dates) @ errors)
    return date_equal_quantiles(errors, dates, LEVELS) - centre
