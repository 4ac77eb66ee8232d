"""Points of a table: epoch, latitude, longitude, height, checked a column at a time.

A row that cannot be used becomes a reject with its first fault; the others go on, in their
order. Names, units and limits are those of POST /v1/thermosphere/density.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray
from models.emulators.emulator import Points
from models.emulators.grid import Grid
from pipelines.batch.contract import FILE, REJECTS, ROW
from pipelines.batch.density_columns import AXES, EPOCH, ID, refuse_without_columns
from pipelines.batch.work import no_rejects

EPOCH_WORDS = 'expected a moment in UTC like "2003-11-20T12:00:00Z"'
#: Ways to write a moment, the commonest first; an offset other than UTC is none of them.
_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)
#: Moments whose microseconds, and hours before and after, surely fit.
_EARLIEST, _LATEST = np.datetime64("1900-01-01", "us"), np.datetime64("2200-01-01", "us")


@dataclass(frozen=True)
class CheckedPoints:
    """Points that can be asked for.

    rows     the rows of the table that they are
    epoch    of each, UTC without a zone, microseconds
    points   the same as arrays
    ids      Int64 or String; None where there are none
    """

    rows: pl.DataFrame
    epoch: pl.Series
    points: Points
    ids: pl.Series | None = None

    def __len__(self) -> int:
        return len(self.points)

    def keep(self, chosen: npt.NDArray[np.bool_]) -> CheckedPoints:
        """Some of them, in order."""
        mask, at = pl.Series(chosen), self.points
        kept = Points(at.time[chosen], at.latitude[chosen], at.longitude[chosen], at.height[chosen])
        ids = None if self.ids is None else self.ids.filter(mask)
        return CheckedPoints(self.rows.filter(mask), self.epoch.filter(mask), kept, ids)


def check_points(
    rows: pl.DataFrame, grid: Grid, numbered: bool = False
) -> tuple[CheckedPoints, pl.DataFrame]:
    """The points of a table and its rejects. Raises DataError for a missing column.

    numbered  whether ids have to be whole numbers; else they become text
    """
    refuse_without_columns(rows.columns, "points")
    epoch = _epochs(rows[EPOCH])
    times = _times(epoch)
    arrays = {name: _numbers(rows[name]) for name in AXES}
    wrong = {EPOCH: _outside(times, _EARLIEST, _LATEST)}
    wrong |= {name: _outside(values, *limits(name, grid)) for name, values in arrays.items()}
    ids = None
    if ID in rows.columns:
        ids = rows[ID].cast(pl.Int64 if numbered else pl.String, strict=False)
        wrong[ID] = ids.is_null().to_numpy() if ids.null_count() else None
    checked = CheckedPoints(rows, epoch, Points(times, *(arrays[name] for name in AXES)), ids)
    faults = {name: mask for name, mask in wrong.items() if mask is not None}
    if not faults:
        return checked, no_rejects()
    faulty = np.logical_or.reduce(list(faults.values()))
    return checked.keep(~faulty), _rejects(rows, faulty, faults, grid)


def _outside(values: npt.NDArray[Any], low: Any, high: Any) -> npt.NDArray[np.bool_] | None:
    """Where values are none or out of range; None where all are in it, which is soon seen."""
    if not len(values) or (values.min() >= low and values.max() <= high):
        return None
    return np.asarray(~((values >= low) & (values <= high)))


def limits(name: str, grid: Grid) -> tuple[float, float]:
    """Lowest and highest value of an axis."""
    heights = (float(grid.height[0]), float(grid.height[-1]))
    return {"latitude": (-90.0, 90.0), "longitude": (-180.0, 360.0)}.get(name, heights)


def rejected(rows: pl.DataFrame, reasons: pl.Series) -> pl.DataFrame:
    """Rows as rejects, one reason for each."""
    if FILE in rows.columns:
        where = pl.format("{}, row {}", pl.col(FILE).cast(pl.String), pl.col(ROW))
    elif ROW in rows.columns:
        where = pl.format("row {}", ROW)
    else:
        where = pl.lit(None, pl.String)
    name = pl.col(ID).cast(pl.String) if ID in rows.columns else pl.lit(None, pl.String)
    return rows.select(where.alias("where"), name.alias("id")).with_columns(
        reasons.cast(pl.String).alias("reason")
    )


def _rejects(
    rows: pl.DataFrame,
    faulty: npt.NDArray[np.bool_],
    wrong: dict[str, npt.NDArray[np.bool_]],
    grid: Grid,
) -> pl.DataFrame:
    mask = pl.Series(faulty)
    bad = rows.filter(mask)
    words: pl.Expr = pl.lit(None, pl.String)
    for name in reversed(wrong):
        fault = pl.lit(pl.Series(wrong[name]).filter(mask))
        shown = pl.col(name).cast(pl.String).fill_null("nothing").str.slice(0, 40)
        reason = pl.format("{}: {}, got {}", pl.lit(name), pl.lit(_expected(name, grid)), shown)
        words = pl.when(fault).then(reason).otherwise(words)
    return rejected(bad, bad.select(words.alias("reason"))["reason"]).select(list(REJECTS))


def _expected(name: str, grid: Grid) -> str:
    if name == EPOCH:
        return EPOCH_WORDS
    if name == ID:
        return "expected a name, or a number where the first ones are numbers"
    low, high = limits(name, grid)
    unit = "km, the heights of this model" if name == "height" else "degrees"
    return f"expected {low:g} to {high:g} {unit}"


def _numbers(column: pl.Series) -> FloatArray:
    """As float64, NaN where there is none."""
    if not (column.dtype.is_numeric() or column.dtype == pl.String):
        column = column.cast(pl.String)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
    values = column.cast(pl.Float64, strict=False)
    return np.asarray(values.fill_null(float("nan")).to_numpy())


def _times(epoch: pl.Series) -> npt.NDArray[np.datetime64]:
    """As datetime64[us], NaT where there is none."""
    return np.asarray(epoch.to_numpy(), dtype="datetime64[us]")


def _epochs(column: pl.Series) -> pl.Series:
    """As moments without a zone, UTC; null where a cell is none."""
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    kind: Any = column.dtype
    if isinstance(kind, pl.Datetime):
        moments = column if kind.time_zone is None else column.dt.convert_time_zone("UTC")
        return moments.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if kind == pl.Date:
        return column.cast(pl.Datetime("us"))
    if kind != pl.String:
        return pl.Series(column.name, [None], pl.Datetime("us")).new_from_index(0, len(column))
    text = column.str.strip_chars().str.replace(r"(Z|\+00:00)$", "")
    read = _parsed(text, _FORMATS[0])
    for form in _FORMATS[1:]:
        if not read.null_count() > text.null_count():
            break
        read = read.fill_null(_parsed(text, form))
    return read


def _parsed(text: pl.Series, form: str) -> pl.Series:
    if form == "%Y-%m-%d":
        return text.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return text.str.to_datetime(form, strict=False, time_unit="us", exact=True)
