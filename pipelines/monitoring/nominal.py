"""Do forecasts keep what they promise? Coverage against its nominal value, and bias against zero.

Drift tests hold the newest months against those before; intervals that were too narrow from
the first day have not drifted, and are wrong all the same. All months of a version are tested
together, by the fixed-smoothing test (see pipelines.evaluation.mean_test) with no more degrees
of freedom than there are spans whose outcomes do not overlap.

Shares near 1 hardly vary, whatever chance did: five years in which one shared market stayed
within every interval are few observations, and look like certainty. So a coverage above what
was promised is judged by the variance of one yes or no a month, alike for as long as outcomes
overlap: intervals that are too wide need many years to show, those that are too narrow do not.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from scipy import stats

from models.contract import FloatArray
from pipelines.evaluation.mean_test import NOISE, enough_dates, smoothed_variance
from pipelines.monitoring.report import NOMINAL, SHARE, DriftFinding

PROMISED = 0.9
#: Differences nobody would act upon: three points of coverage, a fifth of the size of errors.
_SHARE, _BIAS = 0.03, 0.2


def nominal_findings(outcomes: pl.DataFrame, lags: int = 0) -> list[DriftFinding]:
    """Findings of the test "nominal", not yet adjusted.

    outcomes   columns period, error, inside; one version
    lags       later months that a month's outcomes hang together with
    """
    month = pl.col("period").cast(pl.String).str.slice(0, 7).alias("month")
    months = (
        outcomes.group_by(month)
        .agg(pl.col("error").mean(), pl.col("inside").cast(pl.Float64).mean())
        .sort("month")
    )
    size = float(np.sqrt(np.mean(outcomes["error"].to_numpy() ** 2)))
    inside = months["inside"].drop_nulls().to_numpy()
    return [
        _finding("90 % interval", inside, PROMISED, _SHARE, lags, SHARE),
        _finding("bias", months["error"].to_numpy(), 0.0, _BIAS * size, lags),
    ]


def _finding(
    name: str, values: FloatArray, promised: float, floor: float, lags: int, unit: str = ""
) -> DriftFinding:
    if not enough_dates(len(values), lags):
        note = (
            f"unknown: {len(values)} months of outcomes, expected more than {max(lags + 1, 2)} of "
            "forecasts that overlap so far"
        )
        return DriftFinding(name, NOMINAL, unit=unit, note=note)
    mean = float(values.mean())
    statistic, p_value = _tested(values - promised, lags, promised if unit == SHARE else None)
    if abs(mean - promised) <= floor:
        p_value = 1.0
    return DriftFinding(
        name,
        NOMINAL,
        statistic=statistic,
        p_value=p_value,
        recent=mean,
        usual=promised,
        unit=unit,
    )


def _tested(away: FloatArray, lags: int, share: float | None) -> tuple[float, float]:
    """Student's t of a zero mean and its two-sided p.

    away   month: the value less what was promised
    share  what was promised, where the values are shares
    """
    n, mean = len(away), float(away.mean())
    variance, degrees = smoothed_variance(away, n // (lags + 1))
    if share is not None and mean > 0:
        variance = max(variance, share * (1.0 - share) * (lags + 1))
    if variance <= NOISE * float(np.mean(away**2)):
        # A month is like the next to the last digit: no doubt is left.
        return math.copysign(math.inf, mean), 0.0
    statistic = mean * math.sqrt(n / variance)
    return statistic, 2.0 * float(stats.t.sf(abs(statistic), degrees))
