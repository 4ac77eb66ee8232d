"""Months that the file measures only in part, because it was cut off before their end."""

from __future__ import annotations

import polars as pl

from pipelines.datasets.periods import Frequency
from pipelines.datasets.tables import median

#: Days before the end of a month in which the last trading day may fall.
_END_TOLERANCE_DAYS = 4
#: Dates name month ends, not month starts, if they usually fall this late.
_LATE_DAY = 20
#: A month is the file's end if more than this share of the living series stop in it.
_STOP_SHARE = 0.5


def partial_end(returns: pl.DataFrame, frequency: Frequency) -> pl.DataFrame:
    """Return the last returns of series that stop where the file itself was cut off.

    A single fund that dies in mid-month keeps its last return. But where more
    than half of the living series stop in one month, well before its end,
    the file ends there and the month is only partly measured.
    """
    if frequency != "monthly" or _labels_start_of_month(returns):
        return returns.clear()
    last = pl.col("period") == pl.col("period").max().over("series")
    early = (pl.col("day").dt.month_end() - pl.col("day")).dt.total_days() > _END_TOLERANCE_DAYS
    marked = returns.with_columns((last & early).alias("cut"))
    share = pl.col("cut").mean().over("period")
    return marked.filter(pl.col("cut") & (share > _STOP_SHARE)).drop("cut")


def count_by_period(partial: pl.DataFrame) -> pl.DataFrame:
    """Return period, number of series that stop in it, and the last day seen of them."""
    return partial.group_by("period").agg(pl.len(), pl.col("day").max()).sort("period")


def _labels_start_of_month(returns: pl.DataFrame) -> bool:
    return (median(returns["day"].dt.day()) or 0.0) < _LATE_DAY
