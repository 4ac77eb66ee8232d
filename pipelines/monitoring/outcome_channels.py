"""What could drift in forecasts and in what became of them, as channels by month."""

from __future__ import annotations

import polars as pl

from models.contract import FloatArray
from models.errors import DataError
from pipelines.monitoring.blocks import trailing_mean
from pipelines.monitoring.channels import Channel

_SHARE, _LOG, _VALUE = 0.03, 0.05, 0.02
_BY_LEVEL = ("level", "jump")


def outcome_channels(outcomes: pl.DataFrame, recent: int) -> tuple[Channel, ...]:
    """Bias, size of errors and coverage by month of `period`.

    outcomes  columns period, error, inside (see outcome_store); one version and predictor
    """
    months = _by_month(
        outcomes,
        "period",
        pl.col("error").mean().alias("bias"),
        (pl.col("error") ** 2).mean().sqrt().log().alias("size"),
        pl.col("inside").cast(pl.Float64).mean().alias("coverage"),
    )
    return (
        _channel("bias", months["bias"].to_numpy(), recent, "", _VALUE),
        _channel("size of errors", months["size"].to_numpy(), recent, "log", _LOG),
        _channel("coverage of 90 % intervals", months["coverage"].to_numpy(), recent, "", _SHARE),
    )


def forecast_channels(forecasts: pl.DataFrame, recent: int) -> tuple[Channel, ...]:
    """Level and spread of forecasts, and width of their intervals, by month of origin.

    forecasts  columns origin, mean, lower_90, upper_90
    """
    width = (pl.col("upper_90") - pl.col("lower_90")).log()
    months = _by_month(
        forecasts,
        "origin",
        pl.col("mean").mean().alias("level"),
        pl.col("mean").std().log().alias("spread"),
        width.mean().alias("width"),
    )
    return (
        _channel("mean forecast", months["level"].to_numpy(), recent, "", _VALUE),
        _channel("spread of forecasts", months["spread"].to_numpy(), recent, "log", _LOG),
        _channel("width of intervals", months["width"].to_numpy(), recent, "log", _LOG),
    )


def months_of(table: pl.DataFrame, column: str) -> tuple[str, ...]:
    """Every month from the first to the last of a column of periods."""
    return tuple(_by_month(table, column)["month"].to_list())


def _by_month(table: pl.DataFrame, column: str, *measures: pl.Expr) -> pl.DataFrame:
    """Measures of every month, null for one without rows."""
    if table.is_empty():
        raise DataError("drift: no rows; tell outcomes with `halyard outcomes ingest` first")
    month = pl.col(column).cast(pl.String).str.slice(0, 7).alias("month")
    found = table.group_by(month).agg(*measures).sort("month")
    dates = found["month"].str.to_date("%Y-%m")
    first, last = dates[0], dates[-1]
    every = pl.date_range(first, last, "1mo", eager=True).dt.strftime("%Y-%m").alias("month")
    return every.to_frame().join(found, on="month", how="left").sort("month")


def _channel(name: str, values: FloatArray, recent: int, unit: str, floor: float) -> Channel:
    known = values.astype(float)
    return Channel(name, trailing_mean(known, recent), known, unit, floor, "", _BY_LEVEL)
