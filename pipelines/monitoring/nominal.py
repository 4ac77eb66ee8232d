"""Do forecasts keep what they promise? Coverage against its nominal value, and bias against zero.

Drift tests hold the newest months against those before; intervals that were too narrow from
the first day have not drifted, and are wrong all the same. Months of one version are tested
together, with a test that knows how little overlapping outcomes say (see
pipelines.evaluation.mean_test).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from models.contract import FloatArray
from pipelines.evaluation.mean_test import enough_dates, fixed_smoothing_test
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
    found = fixed_smoothing_test(values - promised, lags)
    # A month is like the next to the last digit: no doubt is left, if there is a difference.
    p_value = 0.0 if found.p_two is None else found.p_two
    p_value = p_value if abs(mean - promised) > floor else 1.0
    return DriftFinding(
        name,
        NOMINAL,
        statistic=found.statistic,
        p_value=p_value,
        recent=mean,
        usual=promised,
        unit=unit,
    )
