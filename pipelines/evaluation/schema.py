"""The table of forecasts: written by the back-test, read by every score, test and plot.

One row per model, target, horizon, series and origin, only where there is an
outcome. `forecast_rows` makes rows, `groups` hands them out as arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import LEVELS, FloatArray, IntArray
from models.errors import DataError

#: Column: type. `y` and `mean` are in target units, `mase_scale` is the in-sample mean
#: absolute error of the naive forecast, known at the origin; `sample` marks the stated
#: random sample of series on which the slow models ran.
FORECAST_SCHEMA: dict[str, pl.DataType] = {
    "model": pl.Utf8(),
    "target": pl.Utf8(),
    "horizon": pl.Int32(),
    "series": pl.Utf8(),
    "origin": pl.Utf8(),
    "origin_index": pl.Int32(),
    "y": pl.Float64(),
    "mean": pl.Float64(),
    "quantiles": pl.Array(pl.Float32, len(LEVELS)),
    "mase_scale": pl.Float64(),
    "sample": pl.Boolean(),
}

KEYS = ("model", "target", "horizon")


@dataclass(frozen=True)
class ForecastGroup:
    """The rows of one model, target and horizon, ordered by origin and series.

    origins        labels of the distinct origins, ascending
    origin_index   their places on the panel's time axis
    date           row: index into `origins`
    series         row: name
    y, mean        row: outcome and point forecast, target units
    quantiles      row × level, float32
    mase_scale     row: positive
    """

    model: str
    target: str
    horizon: int
    origins: tuple[str, ...]
    origin_index: IntArray
    date: IntArray
    series: npt.NDArray[Any]
    y: FloatArray
    mean: FloatArray
    quantiles: FloatArray
    mase_scale: FloatArray

    def __len__(self) -> int:
        return len(self.y)

    def mean_by_origin(self, values: FloatArray) -> FloatArray:
        """Return the mean over series of a value per row, one per origin."""
        count = np.bincount(self.date, minlength=len(self.origins))
        return np.bincount(self.date, values, minlength=len(self.origins)) / count


def forecast_rows(
    *,
    model: str,
    target: str,
    horizon: int,
    series: Sequence[str],
    origin: str,
    origin_index: int,
    y: FloatArray,
    mean: FloatArray,
    quantiles: FloatArray,
    mase_scale: FloatArray,
    sample: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    """Return the rows of one model at one origin for one lead; rows without outcome go.

    y, mean, mase_scale, sample   row
    quantiles                     row × level

    Raises DataError when a forecast with an outcome is not finite, or a scale not positive.
    """
    keep = np.isfinite(y)
    sound = np.isfinite(mean) & np.isfinite(quantiles).all(axis=1) & (mase_scale > 0)
    if (keep & ~sound).any():
        row = int(np.argmax(keep & ~sound))
        raise DataError(
            f"model {model!r}, {target} {horizon}, series {series[row]!r}, origin {origin}: "
            f"expected a finite forecast and a positive scale, got mean {mean[row]}, "
            f"scale {mase_scale[row]}"
        )
    count = int(keep.sum())
    columns = {
        "model": pl.repeat(model, count, eager=True),
        "target": pl.repeat(target, count, eager=True),
        "horizon": np.full(count, horizon, np.int32),
        "series": [name for name, kept in zip(series, keep, strict=True) if kept],
        "origin": pl.repeat(origin, count, eager=True),
        "origin_index": np.full(count, origin_index, np.int32),
        "y": y[keep].astype(np.float64),
        "mean": mean[keep].astype(np.float64),
        "quantiles": quantiles[keep].astype(np.float32),
        "mase_scale": mase_scale[keep].astype(np.float64),
        "sample": np.asarray(sample, dtype=bool)[keep],
    }
    return pl.DataFrame(columns, schema=FORECAST_SCHEMA)


def check_table(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with its columns in order; raise DataError where it is not one."""
    for name, kind in FORECAST_SCHEMA.items():
        if name not in table.columns:
            raise DataError(f"forecast table: column {name!r} is missing; it has {table.columns}")
        if table.schema[name] != kind:
            raise DataError(
                f"forecast table, column {name!r}: expected {kind}, got {table.schema[name]}"
            )
    if table.is_empty():
        raise DataError("forecast table: no rows; no forecast has an outcome")
    return table.select(list(FORECAST_SCHEMA))


def in_scope(table: pl.DataFrame, sample: bool) -> pl.DataFrame:
    """Return the rows that are compared with one another.

    `sample=True`: every model on the random sample of series. `sample=False`: every
    series, for the models that ran on more than the sample (on a table that holds
    nothing but the sample, every model).
    """
    if sample:
        return table.filter(pl.col("sample"))
    wide = table.filter(~pl.col("sample"))["model"].unique()
    return table if wide.is_empty() else table.filter(pl.col("model").is_in(wide.implode()))


def groups(table: pl.DataFrame, sample: bool = False) -> Iterator[ForecastGroup]:
    """Yield each model, target and horizon of a scope as arrays, in the table's order."""
    rows = in_scope(table, sample)
    for key, part in rows.group_by(KEYS, maintain_order=True):
        yield _group(key, part.sort("origin_index", "series"))


def _group(key: tuple[Any, ...], part: pl.DataFrame) -> ForecastGroup:
    index, first, date = np.unique(
        part["origin_index"].to_numpy(), return_index=True, return_inverse=True
    )
    return ForecastGroup(
        model=str(key[0]),
        target=str(key[1]),
        horizon=int(key[2]),
        origins=tuple(part["origin"].gather(first)),
        origin_index=index.astype(np.int64),
        date=date.astype(np.int64),
        series=part["series"].to_numpy(),
        y=part["y"].to_numpy(),
        mean=part["mean"].to_numpy(),
        quantiles=part["quantiles"].to_numpy(),
        mase_scale=part["mase_scale"].to_numpy(),
    )
