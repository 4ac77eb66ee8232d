"""Times in a file as whole steps: integers, dates, or text that holds either."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.contract import IntArray
from models.errors import DataError
from pipelines.datasets.periods import parse_dates

#: Days between neighbours that mean a calendar unit, and months in that unit.
_CALENDAR = (((26, 35), 1), ((80, 100), 3), ((350, 380), 12))
_DAY_SECONDS = 86_400.0


def whole_steps(times: pl.Series, series: pl.Series) -> IntArray:
    """Number of each row's step; neighbours differ by one.

    times    integers, dates, date-times or text; no nulls
    series   which series a row belongs to: steps are measured within series

    Raises DataError (without the file's name) when times cannot be read.
    """
    if times.is_empty():
        return np.empty(0, dtype=np.int64)
    if times.dtype == pl.String:
        times = _from_text(times)
    if times.dtype in (pl.Date, pl.Datetime):
        return _from_dates(times, series)
    if not times.dtype.is_numeric():
        raise DataError(f"expected whole numbers or dates, got {times.dtype}")
    numbers = times.cast(pl.Float64).to_numpy()
    if not np.all(np.isfinite(numbers) & (numbers == np.round(numbers))):
        raise DataError("expected whole numbers or dates, got numbers with a fraction")
    return _units(numbers.astype(np.int64), series)


def _from_text(times: pl.Series) -> pl.Series:
    numbers = times.str.strip_chars().cast(pl.Int64, strict=False)
    if not numbers.null_count():
        return numbers
    texts = times.str.strip_chars()
    days = parse_dates(texts.unique().to_list())
    return texts.replace_strict(days, default=None, return_dtype=pl.Date)


def _from_dates(times: pl.Series, series: pl.Series) -> IntArray:
    if times.null_count():
        raise DataError("a date cannot be read; write dates as 2024-01-31 or 2024-01")
    seconds = times.cast(pl.Datetime("us")).dt.epoch("us").to_numpy() / 1e6
    gap = _usual_gap(seconds, series)
    for (low, high), months in _CALENDAR:
        if low * _DAY_SECONDS <= gap <= high * _DAY_SECONDS:
            count = (times.dt.year().cast(pl.Int64) * 12 + times.dt.month() - 1).to_numpy()
            return np.asarray(count // months, dtype=np.int64)
    return np.asarray(np.round((seconds - seconds.min()) / gap), dtype=np.int64)


def _usual_gap(seconds: np.ndarray, series: pl.Series) -> float:
    gaps = _gaps(seconds, series)
    # A low quantile, because missing steps lengthen gaps and nothing shortens them.
    return float(np.quantile(gaps, 0.25, method="lower")) if len(gaps) else _DAY_SECONDS


def _units(numbers: IntArray, series: pl.Series) -> IntArray:
    """Divide by what all gaps have in common, so that 0, 12, 24 are neighbours."""
    gaps = _gaps(numbers, series)
    common = int(np.gcd.reduce(gaps)) if len(gaps) else 1
    return np.asarray((numbers - numbers.min()) // max(common, 1))


def _gaps(values: np.ndarray, series: pl.Series) -> np.ndarray:
    """Positive differences between neighbours of the same series."""
    codes = series.rank("dense").to_numpy()
    order = np.lexsort((values, codes))
    same = np.diff(codes[order]) == 0
    gaps = np.diff(values[order])[same]
    return np.asarray(gaps[gaps > 0])
