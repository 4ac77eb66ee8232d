"""Rows of a table in the order of their series and times, ready for windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.contract import FloatArray, IntArray
from models.errors import DataError
from pipelines.datasets.layout import listed
from pipelines.datasets.signature_settings import SignatureWindows
from pipelines.datasets.tables import ROW


@dataclass(frozen=True)
class SortedRows:
    """The rows with a value, sorted by series and time.

    at      place in the table
    begins  row: index of the first row of its series
    """

    at: IntArray
    begins: IntArray
    time: FloatArray
    values: FloatArray


def sorted_rows(frame: pl.DataFrame, ask: SignatureWindows, where: str) -> SortedRows:
    """Sort the rows, hold the newest value where one is missing, leave out those before any.

    A missing step is left out: it is not known to be zero. See `signature_features` for errors.
    """
    _check_columns(frame, ask, where)
    group = pl.lit(0) if ask.series is None else _group(ask.series)
    table = frame.select(
        at=pl.int_range(pl.len()),
        group=group.cast(pl.Int64),
        time=pl.int_range(pl.len()).cast(pl.Float64) if ask.time is None else _time(frame, ask),
        **{f"value{i}": pl.col(v).cast(pl.Float64) for i, v in enumerate(ask.values)},
    ).sort("group", "time", maintain_order=True)
    _check_times(frame, table, ask, where)
    columns = [f"value{i}" for i in range(len(ask.values))]
    if not ask.steps:
        table = table.with_columns(pl.col(columns).fill_nan(None).forward_fill().over("group"))
    table = table.drop_nulls(columns).drop_nans(columns)
    values = table.select(columns).to_numpy() / [ask.scale.get(v, 1.0) for v in ask.values]
    groups = table["group"].to_numpy()
    begins = np.searchsorted(groups, groups, side="left")
    return SortedRows(table["at"].to_numpy(), begins, table["time"].to_numpy(), values)


def _group(series: str) -> pl.Expr:
    """A number for each name; rows without one are a series of their own."""
    return pl.col(series).cast(pl.String).rank("dense").fill_null(0)


def _check_columns(frame: pl.DataFrame, ask: SignatureWindows, where: str) -> None:
    for name in filter(None, (*ask.values, ask.series, ask.time)):
        if name not in frame.columns:
            raise DataError(f"{where}: no column {name!r}; there are {listed(frame.columns)}")
    if ask.time is not None and not _is_time(frame.schema[ask.time]):
        raise DataError(
            f"{where}, column {ask.time!r}: expected dates or numbers, got {frame.schema[ask.time]}"
        )
    for name in ask.values:
        if not frame.schema[name].is_numeric():
            raise DataError(f"{where}, column {name!r}: expected numbers, got {frame.schema[name]}")
        infinite = frame[name].cast(pl.Float64).is_infinite().arg_true()
        if len(infinite):
            raise DataError(
                f"{where}, row {_row(frame, infinite[0])}, column {name!r}: expected a finite "
                f"number, got {frame[name][infinite[0]]}"
            )


def _time(frame: pl.DataFrame, ask: SignatureWindows) -> pl.Expr:
    """Times as numbers; dates in microseconds, which float64 holds exactly."""
    name = str(ask.time)
    if is_date(frame.schema[name]):
        return pl.col(name).cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64)
    return pl.col(name).cast(pl.Float64)


def is_date(dtype: pl.DataType) -> bool:
    """Whether a column of this type holds dates, with or without a time of day."""
    return dtype in (pl.Date, pl.Datetime)


def _is_time(dtype: pl.DataType) -> bool:
    return is_date(dtype) or dtype.is_numeric()


def _check_times(
    frame: pl.DataFrame, table: pl.DataFrame, ask: SignatureWindows, where: str
) -> None:
    missing = table.filter(pl.col("time").is_null() | pl.col("time").is_nan())
    if missing.height:
        raise DataError(
            f"{where}, row {_row(frame, missing['at'][0])}, column {ask.time!r}: expected a time, "
            "got none"
        )
    again = table.filter((pl.col("group").diff() == 0) & (pl.col("time").diff() == 0))
    if again.height:
        at = again["at"][0]
        raise DataError(
            f"{where}, row {_row(frame, at)}, column {ask.time!r}: {frame[str(ask.time)][at]} "
            "occurs twice in its series; expected one row for each time: name the column of the "
            "series, or remove one row"
        )


def _row(frame: pl.DataFrame, place: int) -> int:
    return int(frame[ROW][place]) if ROW in frame.columns else place + 1
