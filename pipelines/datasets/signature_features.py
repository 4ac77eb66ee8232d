"""Signatures of trailing windows of a table: columns in, a vector of fixed width per row out.

Windows hold a number of rows, or a span of time whose rows may come as they like. Nothing
after a row reaches its features. Features of a span know how late in it each value came.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray, IntArray
from models.errors import ConfigError
from models.transforms.path_features import window_features
from pipelines.datasets.signature_rows import SortedRows, is_date, sorted_rows
from pipelines.datasets.signature_settings import SignatureWindows

_MICROSECOND = timedelta(microseconds=1)


def signature_features(
    frame: pl.DataFrame, ask: SignatureWindows, where: str = "table"
) -> pl.DataFrame:
    """The series and time of every row, then its features (float64), null without a full window.

    where   what errors call the table

    Raises DataError for columns that are missing or no numbers, values that are infinite, and
    times that are missing or occur twice in a series; ConfigError for a span of the wrong kind.
    """
    rows = sorted_rows(frame, ask, where)
    span = None if ask.span is None else _span_of(frame, ask)
    starts, full = _starts(rows, ask, span)
    names = ask.kind.names(ask.values)
    out = np.full((frame.height, len(names)), np.nan)
    ends = np.flatnonzero(full)
    for some in _alike(ends - starts[ends] + 1):
        paths, clock = _windows(rows, starts[ends[some]], ends[some], ask.steps, span)
        out[rows.at[ends[some]]] = window_features(paths, ask.kind, clock)
    kept = [name for name in (ask.series, ask.time) if name is not None]
    found = pl.DataFrame(out, schema=names, orient="row").fill_nan(None)
    return pl.DataFrame([*(frame[name] for name in dict.fromkeys(kept)), *found])


def _span_of(frame: pl.DataFrame, ask: SignatureWindows) -> float:
    """The span in the unit of `_time`."""
    dates = is_date(frame.schema[str(ask.time)])
    if dates != isinstance(ask.span, timedelta):
        raise ConfigError(
            f"span: expected {'a duration such as 90d' if dates else 'a number'} for the times in "
            f"column {ask.time!r}, got {ask.span}"
        )
    return ask.span / _MICROSECOND if isinstance(ask.span, timedelta) else float(ask.span or 0)


def _starts(
    rows: SortedRows, ask: SignatureWindows, span: float | None
) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """First row of every row's window, and whether the series reaches back so far."""
    ends = np.arange(len(rows.at))
    if span is None:
        starts = ends - (ask.rows or 0) + 1
        return np.maximum(starts, rows.begins), starts >= rows.begins
    starts = np.empty_like(ends)
    for first, count in zip(*np.unique(rows.begins, return_counts=True), strict=True):
        times = rows.time[first : first + count]
        starts[first : first + count] = first + np.searchsorted(times, times - span, side="right")
    fewest = 1 if ask.kind.base_point else 2
    reaches = rows.time[rows.begins] <= rows.time - span
    return starts, reaches & (ends - starts + 1 >= fewest)


def _alike(lengths: IntArray) -> list[IntArray]:
    """Windows of about the same length together: at most half of what they hold is filling."""
    size = np.ceil(np.log2(np.maximum(lengths, 2))).astype(np.int64)
    return [np.flatnonzero(size == one) for one in np.unique(size)]


def _windows(
    rows: SortedRows, starts: IntArray, ends: IntArray, steps: bool, span: float | None
) -> tuple[FloatArray, FloatArray | None]:
    """Paths, row × time × channel, and their clocks; short ones wait at their first point."""
    longest = max(int((ends - starts).max()) + 1, 2)
    places = ends[:, None] - longest + 1 + np.arange(longest)
    first = np.maximum(places, starts[:, None])
    paths = rows.values[first]
    if steps:
        inside = (places >= starts[:, None])[..., None]
        paths = np.where(inside, paths, 0.0).cumsum(axis=1)
        begin = (first - places).max(axis=1, keepdims=True)[..., None]
        paths = np.take_along_axis(paths, np.maximum(np.arange(longest)[:, None], begin), axis=1)
    if span is None:
        return paths, None
    begun = rows.time[ends] - span
    return paths, (rows.time[first] - begun[:, None]) / span
