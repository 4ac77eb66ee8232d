"""What became of forecasts of Sharpe ratios: joined with the returns that came after.

The outcome is computed as the model's target is: a window with a missing month has none, and a
forecast whose last month is not in the data has none yet.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from models.contract import FloatArray
from models.errors import DataError
from models.transforms.sharpe import forward_sharpe, rolling_sharpe
from pipelines.datasets.panel import ReturnsPanel
from pipelines.months import month_index
from pipelines.registry import FUND_SHARPE

#: Columns of forecasts that are read.
NEEDED = ("id", "origin", "target", "horizon", "month", "mean", "version")
#: version -> (months of the rolling window, newest month that the model was trained on).
Known = Callable[[str], tuple[int, str | None]]


def fund_outcomes(forecasts: pl.DataFrame, panel: ReturnsPanel, known: Known) -> pl.DataFrame:
    """Outcomes of the forecasts that have one (columns of `outcome_store.COLUMNS`).

    forecasts  as `halyard forecast fund-sharpe` writes them
    known      what is known of a version

    Raises DataError when a column is missing.
    """
    _refuse_without(forecasts, NEEDED)
    parts = [
        _of_version(part, panel, str(version), *known(str(version)))
        for (version,), part in forecasts.partition_by("version", as_dict=True).items()
    ]
    return pl.concat(parts) if parts else _table(forecasts.head(0), np.zeros(0), "", None)


def _of_version(
    forecasts: pl.DataFrame, panel: ReturnsPanel, version: str, window: int, trained: str | None
) -> pl.DataFrame:
    place = {name: row for row, name in enumerate(panel.ids)}
    series = np.array([place.get(str(name), -1) for name in forecasts["id"]], dtype=np.int64)
    first = month_index(panel.periods[0])
    last = np.array([month_index(str(m)) for m in forecasts["month"]], dtype=np.int64) - first
    horizon = forecasts["horizon"].to_numpy().astype(np.int64)
    found = np.full(len(forecasts), np.nan)
    there = (series >= 0) & (last >= 0) & (last < len(panel.periods))
    targets = forecasts["target"].cast(pl.String).to_numpy()
    for target in np.unique(targets):
        for ahead in np.unique(horizon[targets == target]):
            rows = there & (targets == target) & (horizon == ahead)
            rows &= last >= ahead
            values = _realised(panel.excess, str(target), int(ahead), window)
            found[rows] = values[series[rows], last[rows] - int(ahead)]
    known = np.isfinite(found)
    return _table(forecasts.filter(pl.Series(known)), found[known], version, trained)


def _realised(excess: FloatArray, target: str, ahead: int, window: int) -> FloatArray:
    """The target at each origin, series × time. Raises DataError for an unknown one."""
    if target == "forward":
        return forward_sharpe(excess, ahead, 12)
    if target != "rolling":
        raise DataError(f"forecasts: expected the target rolling or forward, got {target!r}")
    values = np.full(excess.shape, np.nan)
    rolled = rolling_sharpe(excess, window, 12)
    if ahead < excess.shape[1]:
        values[:, : excess.shape[1] - ahead] = rolled[:, ahead:]
    return values


def _table(
    forecasts: pl.DataFrame, outcome: FloatArray, version: str, trained: str | None
) -> pl.DataFrame:
    low, high = (_column(forecasts, f"{end}_90") for end in ("lower", "upper"))
    # A forecast from before the end of the training: part of its outcome was in it.
    unknown = pl.lit(None, pl.Boolean)
    seen = unknown if trained is None else pl.col("origin").cast(pl.String) < trained
    return (
        forecasts.with_columns(pl.Series("outcome", outcome, pl.Float64), low, high)
        .select(
            pl.lit(FUND_SHARPE).alias("predictor"),
            pl.lit(version).alias("version"),
            pl.col("id").cast(pl.String).alias("series"),
            pl.col("origin").cast(pl.String),
            pl.col("target").cast(pl.String),
            pl.col("horizon").cast(pl.Int64),
            pl.col("month").cast(pl.String).alias("period"),
            pl.col("mean").cast(pl.Float64).alias("point"),
            "lower_90",
            "upper_90",
            "outcome",
            (pl.col("mean").cast(pl.Float64) - pl.col("outcome")).alias("error"),
            pl.col("outcome").is_between(pl.col("lower_90"), pl.col("upper_90")).alias("inside"),
            seen.alias("in_sample"),
        )
        .sort("series", "origin", "target", "horizon")
    )


def _column(forecasts: pl.DataFrame, name: str) -> pl.Series:
    if name in forecasts.columns:
        return forecasts[name].cast(pl.Float64).alias(name)
    return pl.Series(name, [None] * forecasts.height, pl.Float64)


def _refuse_without(forecasts: pl.DataFrame, needed: tuple[str, ...]) -> None:
    missing = [name for name in needed if name not in forecasts.columns]
    if missing:
        raise DataError(
            f"--forecasts: expected the columns that `halyard forecast` writes, there is no "
            f"{missing[0]!r} among {', '.join(forecasts.columns[:20])}"
        )
