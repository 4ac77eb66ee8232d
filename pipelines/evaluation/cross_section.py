"""Does a forecast order the series of a date? Rank correlation and decile portfolios.

An investor does not need the level of a forecast, only its order: who will be on top.
Everything is by date, because series share the market of their date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray
from pipelines.evaluation.schema import ForecastGroup

#: Fewest series of a date with an order worth measuring.
MIN_SERIES = 5
BUCKETS = 10


def rank_correlation(group: ForecastGroup) -> FloatArray:
    """Return Spearman's correlation of forecast and outcome at each origin.

    NaN where there are fewer than five series, or all forecasts or outcomes are alike.
    """
    ranks = pl.DataFrame({"date": group.date, "mean": group.mean, "y": group.y}).select(
        "date", pl.col("mean", "y").rank().over("date")
    )
    found = ranks.group_by("date").agg(
        pl.corr("mean", "y").alias("r"), pl.len().alias("n"), pl.col("mean", "y").std()
    )
    usable = (pl.col("n") >= MIN_SERIES) & (pl.col("mean") > 0) & (pl.col("y") > 0)
    found = found.sort("date").select(pl.when(usable).then("r").fill_null(np.nan))
    return found["r"].to_numpy()


@dataclass(frozen=True)
class Deciles:
    """The tenth of the series with the highest forecasts and that with the lowest.

    top, bottom  origin: mean outcome, target units; NaN where a date has no order
    turnover     origin: share of the top tenth that was not in it at the origin before;
                 NaN at the first, and beside dates without an order
    """

    top: FloatArray
    bottom: FloatArray
    turnover: FloatArray

    @property
    def spread(self) -> FloatArray:
        """Top minus bottom, one per origin."""
        return self.top - self.bottom


def deciles(group: ForecastGroup) -> Deciles:
    """Form the top and the bottom tenth at each origin, of at least one series each.

    Equal forecasts are ordered by the series' name, which says nothing about the
    outcome; a date whose forecasts are all alike has no order.
    """
    dates = len(group.origins)
    count = np.bincount(group.date, minlength=dates)
    size = np.maximum(count // BUCKETS, 1)
    order = np.lexsort((group.mean, group.date))  # stable: rows come by name
    start = np.cumsum(count) - count
    place = np.arange(len(group)) - start[group.date]
    low = order[place < size[group.date]]
    high = order[place >= (count - size)[group.date]]
    void = (count < MIN_SERIES) | _all_alike(group, order, start, count)
    return Deciles(
        top=np.where(void, np.nan, _mean_at(group, high, size)),
        bottom=np.where(void, np.nan, _mean_at(group, low, size)),
        turnover=_turnover(group, high, size, void),
    )


def _all_alike(
    group: ForecastGroup, order: npt.NDArray[Any], start: npt.NDArray[Any], count: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    ordered = group.mean[order]
    return np.asarray(ordered[start] == ordered[start + count - 1])


def _mean_at(group: ForecastGroup, rows: npt.NDArray[Any], size: npt.NDArray[Any]) -> FloatArray:
    sums = np.bincount(group.date[rows], group.y[rows], minlength=len(size))
    return np.asarray(sums / size)


def _turnover(
    group: ForecastGroup,
    rows: npt.NDArray[Any],
    size: npt.NDArray[Any],
    void: npt.NDArray[np.bool_],
) -> FloatArray:
    names, series = np.unique(group.series[rows], return_inverse=True)
    held = np.zeros((len(size), len(names)), dtype=bool)
    held[group.date[rows], series] = True
    kept = (held[1:] & held[:-1]).sum(axis=1)
    turnover = np.full(len(size), np.nan)
    turnover[1:] = np.where(void[1:] | void[:-1], np.nan, 1.0 - kept / size[1:])
    return turnover
