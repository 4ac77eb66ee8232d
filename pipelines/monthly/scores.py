"""MASE, sMAPE and CRPS of forecasts of a panel, as published comparisons define them.

mase   mean absolute error of the median over that of the in-sample seasonal naive forecast
       (Hyndman and Koehler 2006), then the mean over series; a training part not longer
       than a season is scaled by single steps
smape  200 |y - f| / (|y| + |f|), zero where both are, in percent (Makridakis 1993)
crps   continuous ranked probability score in the same scale as MASE, so that series of
       different size count the same

Series whose scale is zero (constant in training) are left out of MASE and CRPS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray, Forecast
from models.errors import DataError
from pipelines.evaluation.measures import crps


@dataclass(frozen=True)
class Score:
    """Scores of one model; means over series."""

    mase: float
    smape: float
    crps: float


def naive_scale(training: FloatArray, season: int) -> FloatArray:
    """Mean absolute seasonal difference of each training part, series; NaN where zero."""
    seasonal, single = (_mean_difference(training, lag) for lag in (season, 1))
    scale = np.where(np.isfinite(seasonal), seasonal, single)
    return np.where(scale > 0, scale, np.nan)


def score(forecast: Forecast, outcome: FloatArray, scale: FloatArray) -> Score:
    """Score a forecast of every series.

    outcome  series × lead, NaN where missing: left out
    scale    series, NaN for series without one

    Raises DataError when no outcome has a scale.
    """
    if not np.isfinite(outcome[np.isfinite(scale)]).any():
        raise DataError(
            "no series can be scored: each is constant in its training part or has no value in "
            "its test part; give other data or another --horizon"
        )
    median = forecast.median
    size = np.abs(outcome) + np.abs(median)
    relative = 200 * np.abs(outcome - median) / np.where(size > 0, size, 1.0)
    return Score(
        mase=_mean_over_series(np.abs(outcome - median) / scale[:, None]),
        smape=_mean_over_series(relative),
        crps=_mean_over_series(_crps(forecast, outcome) / scale[:, None]),
    )


def _crps(forecast: Forecast, outcome: FloatArray) -> FloatArray:
    """Row × lead, in units of the values."""
    flat = forecast.quantiles.reshape(-1, len(forecast.levels))
    return crps(outcome.ravel(), flat).reshape(outcome.shape)


def _mean_over_series(losses: FloatArray) -> float:
    """Mean over known leads, then over the series that have any."""
    known = np.isfinite(losses)
    count = known.sum(axis=1)
    total = np.where(known, losses, 0.0).sum(axis=1)
    return float((total[count > 0] / count[count > 0]).mean())


def _mean_difference(training: FloatArray, lag: int) -> FloatArray:
    apart = np.abs(training[:, lag:] - training[:, :-lag])
    known = np.isfinite(apart)
    count = known.sum(axis=1)
    total = np.where(known, apart, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
