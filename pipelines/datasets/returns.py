"""From the observations of a file to one return per series and period."""

from __future__ import annotations

import polars as pl

from pipelines.datasets.periods import period_number
from pipelines.datasets.reading import Observations

_KEY = ["series", "period"]


def to_returns(observations: Observations) -> pl.DataFrame:
    """Return the decimal returns: one row per series and period, sorted.

    Columns: those of the observations, and `number`, the whole number of the
    period. A NAV stands for its period if it is the last one there; its return
    needs a NAV in the period just before, so a gap gives no return.
    """
    frame = observations.frame.filter(
        pl.col("period").is_not_null() & pl.col("value").is_not_null()
    ).with_columns(period_number(pl.col("period"), observations.frequency).alias("number"))
    if observations.kind == "returns":
        return frame.sort(_KEY, maintain_order=True)
    last = frame.sort("series", "day", maintain_order=True).unique(
        _KEY, keep="last", maintain_order=True
    )
    before = pl.col("value").shift(1).over("series")
    adjacent = (pl.col("number") - pl.col("number").shift(1).over("series")) == 1
    return (
        last.with_columns(pl.when(adjacent).then(pl.col("value") / before - 1.0).alias("value"))
        .filter(pl.col("value").is_not_null())
        .sort(_KEY)
    )
