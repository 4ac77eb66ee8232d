"""The distribution of the reference's errors at every time, whose width learns from its misses.

Shape: errors of the newest known origins about their mean, in units of the spread that theory
gives each lead; one shape for all leads. The mean is not carried forward: it rests on a
handful of independent outcomes and costs more than it gives.

Width: intervals from a window of calm years are too narrow for a crisis, and too wide ever
after from a window that holds one. So each interval's own record corrects the next ones:
after a month in which more than a tenth of the 90 % intervals that ended were missed, the
width grows, else it shrinks (adaptive conformal inference: Gibbs and Candes 2021, with
delayed outcomes). In the long run the coverage is the stated one, whatever the panel.
"""

from __future__ import annotations

import numpy as np

from models.contract import LEVELS, FloatArray
from models.fund_sharpe.error_record import ErrorRecord

#: The interval whose misses are counted, and the share that may miss.
LOW, HIGH = LEVELS.index(0.05), LEVELS.index(0.95)
MISSES = 0.1
#: Growth of the log width in a year in which every interval misses.
RATE = 1.44
#: Bounds of the log width: half to twice.
BOUND = float(np.log(2.0))


def error_path(record: ErrorRecord, span: int, periods_per_year: int) -> FloatArray:
    """Quantiles of standardised errors at LEVELS as known at each time, time × level.

    span   newest known origins whose errors give the shape

    Each row depends on outcomes that ended by its time, and on nothing later.
    """
    times = len(record.share)
    path = np.empty((times, len(LEVELS)))
    width = 0.0
    for time in range(times):
        surplus = misses(record, path, time) - MISSES
        width += RATE / periods_per_year * surplus
        width = min(max(width, -BOUND), BOUND)
        path[time] = np.exp(width) * record.quantiles(time, span).mean(axis=0)
    return path


def misses(record: ErrorRecord, path: FloatArray, time: int) -> float:
    """Share of outcomes that ended at `time` outside their 90 % interval, mean over leads.

    As many as may miss when none ended.
    """
    shares = [
        record.outside(time - horizon, lead, *path[time - horizon, [LOW, HIGH]])
        for lead, horizon in enumerate(record.horizons)
        if horizon <= time
    ]
    known = [share for share in shares if np.isfinite(share)]
    return float(np.mean(known)) if known else MISSES
