"""Rows of funds that cannot be used, and why: the reason of each row's first fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.batch.contract import FILE, ROW
from pipelines.batch.fund_columns import FundColumns
from pipelines.batch.fund_months import EARLIEST, LATEST
from pipelines.batch.work import no_rejects
from pipelines.datasets.tables import text_cells
from pipelines.months import month_label

if TYPE_CHECKING:
    from models.contract import FloatArray, IntArray

_MONTHS = f"between {month_label(EARLIEST)} and {month_label(LATEST)}"


@dataclass(frozen=True)
class Cells:
    """The columns of some rows, read.

    frame    as the source gave them
    ids      null or empty where there is no name
    months   as `month_index`, -1 where there is none
    returns  decimal, NaN where there is no number
    bills    decimal, NaN where there is no number; zero where they are not asked for
    """

    frame: pl.DataFrame
    ids: pl.Series
    months: IntArray
    returns: FloatArray
    bills: FloatArray

    def pick(self, rows: IntArray) -> Cells:
        """Some of the rows."""
        arrays = self.months[rows], self.returns[rows], self.bills[rows]
        return Cells(self.frame[rows], self.ids.gather(rows), *arrays)

    def good(self) -> np.ndarray:
        """Which rows can be used."""
        usable = (self.returns > -1.0) & (self.returns < np.inf) & (self.months >= 0)
        usable &= np.isfinite(self.bills)
        named = (self.ids.str.len_bytes() > 0).fill_null(False)
        return np.asarray(usable if named.all() else usable & named.to_numpy())


def faults(cells: Cells, good: np.ndarray, columns: FundColumns) -> pl.DataFrame:
    """Rejects among the rows that are not good; an empty cell of the return is none."""
    bad = np.flatnonzero(~good)
    if not len(bad):
        return no_rejects()
    some = Cells(
        cells.frame[bad],
        cells.ids.gather(bad),
        cells.months[bad],
        cells.returns[bad],
        cells.bills[bad],
    )
    told = pl.zeros(len(bad), pl.Boolean, eager=True)
    found = [no_rejects()]
    for broken, reason, got in _rules(some, columns):
        new = broken & ~told
        told |= broken
        if reason and new.any():
            found.append(_rejects(some, new.arg_true(), reason, got))
    return pl.concat(found)


def _rules(cells: Cells, columns: FundColumns) -> Iterator[tuple[pl.Series, str, pl.Series]]:
    """Which rows break each rule, what the rule is, and what stands there."""
    frame = cells.frame
    unnamed = ~(cells.ids.str.len_bytes() > 0).fill_null(False)
    yield unnamed, f"column {columns.id!r}: expected the name of a fund", frame[columns.id]
    month = f"column {columns.month!r}: expected a month such as 2020-01 {_MONTHS}"
    yield pl.Series(cells.months < 0), month, frame[columns.month]
    given = frame[columns.returns]
    # A month without a return is no fault.
    yield is_empty(given), "", given
    number = f"column {columns.returns!r}: expected a decimal return above -1, such as 0.0123"
    yield pl.Series(~((cells.returns > -1.0) & (cells.returns < np.inf))), number, given
    bills = pl.Series(~np.isfinite(cells.bills))
    if columns.risk_free is None:
        months = pl.Series([month_label(max(int(m), 0)) for m in cells.months], dtype=pl.String)
        yield bills, "--risk-free: expected a rate for every month of the funds", months
    else:
        rate = f"column {columns.risk_free!r}: expected a decimal return of bills"
        yield bills, rate, frame[columns.risk_free]


def is_empty(values: pl.Series) -> pl.Series:
    """Where nothing stands: an empty cell, a usual mark of one, or NaN, as in every reader here."""
    if values.dtype == pl.String:
        return values.to_frame().select(text_cells(values.name).is_null()).to_series()
    empty = values.is_null()
    return empty | values.is_nan().fill_null(False) if values.dtype.is_float() else empty


def _rejects(cells: Cells, rows: pl.Series, reason: str, got: pl.Series) -> pl.DataFrame:
    values = got.gather(rows).cast(pl.String).fill_null("nothing")
    return pl.DataFrame(
        {
            "where": where_of(cells.frame, rows),
            "id": cells.ids.gather(rows),
            "reason": pl.select(pl.format("{}, got {}", pl.lit(reason), values)).to_series(),
        }
    )


def where_of(frame: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """File and row, as far as the source says them."""
    picked = frame[rows]
    parts = [pl.col(FILE).cast(pl.String)] if FILE in frame.columns else []
    if ROW in frame.columns:
        parts.append(pl.format("row {}", ROW))
    if not parts:
        return pl.Series("where", [""] * picked.height, dtype=pl.String)
    return picked.select(pl.concat_str(parts, separator=", ").alias("where")).to_series()
