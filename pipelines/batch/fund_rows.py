"""From rows of funds, good and broken, to funds side by side.

A row needs the fund's name, a month and a return; those that cannot be used become rejects
with their reason. An empty cell of the return is a month without one, and no fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.batch.fund_columns import FundColumns, Rates
from pipelines.batch.fund_faults import Cells, faults, where_of
from pipelines.batch.fund_months import month_numbers
from pipelines.months import month_label

if TYPE_CHECKING:
    from models.contract import FloatArray, IntArray
    from pipelines.fund_sharpe.aligned import AlignedFunds

#: Funds that are forecast together, and the most fund-months: what fits the processor's cache.
FUNDS, CELLS = 2048, 500_000


@dataclass(frozen=True)
class FundRows:
    """Good rows, fund after fund, each in order of time.

    ids     fund
    starts  fund: its first row; one more at the end
    months  row, as `month_index`
    excess  row, decimal
    """

    ids: pl.Series
    starts: IntArray
    months: IntArray
    excess: FloatArray

    def groups(self) -> Iterator[tuple[slice, AlignedFunds]]:
        """Neighbouring funds, so many that their arrays stay small."""
        spans = self.months[self.starts[1:] - 1] - self.months[self.starts[:-1]] + 1
        first = 0
        while first < len(self.ids):
            several = np.maximum.accumulate(spans[first : first + FUNDS])
            count = max(int((several * np.arange(1, len(several) + 1) <= CELLS).sum()), 1)
            yield slice(first, first + count), self._aligned(first, first + count, several)
            first += count

    def _aligned(self, first: int, stop: int, spans: IntArray) -> AlignedFunds:
        from pipelines.fund_sharpe.aligned import AlignedFunds

        starts = self.starts[first : stop + 1]
        rows = slice(starts[0], starts[-1])
        times = int(spans[stop - first - 1])
        last = self.months[starts[1:] - 1]
        # Place of a fund's month in the flat table: its own last month is in the last column.
        base = np.arange(1, stop - first + 1) * times - 1 - last
        places = np.repeat(base, np.diff(starts)) + self.months[rows]
        excess = np.full((stop - first) * times, np.nan)
        excess[places] = self.excess[rows]
        return AlignedFunds(self.ids[first:stop], last, excess.reshape(-1, times))


def read_fund_rows(
    frame: pl.DataFrame, columns: FundColumns, rates: Rates | None = None
) -> tuple[FundRows, pl.DataFrame]:
    """Good rows, and rejects.

    rates   risk-free returns by month, where they are not a column
    """
    months = month_numbers(frame, columns.month, columns.year)
    returns = _numbers(frame[columns.returns])
    bills = _bills(frame, columns, rates, months)
    cells = Cells(frame, frame[columns.id].cast(pl.String), months, returns, bills)
    good = cells.good()
    excess = returns - bills
    if good.all():
        return _in_order(frame, cells.ids, months, excess, faults(cells, good, columns))
    left = np.flatnonzero(good)
    rejects = faults(cells, good, columns)
    return _in_order(frame[left], cells.ids.gather(left), months[left], excess[left], rejects)


def bills_of(
    frame: pl.DataFrame, columns: FundColumns, rates: Rates | None, first: int, last: int
) -> FloatArray:
    """Risk-free return of each month from `first` to `last`; zero where none is known."""
    months = month_numbers(frame, columns.month, columns.year)
    bills = _bills(frame, columns, rates, months)
    found = np.zeros(last - first + 1)
    known = np.isfinite(bills) & (months >= first) & (months <= last)
    found[months[known] - first] = bills[known]
    return found


def _bills(
    frame: pl.DataFrame, columns: FundColumns, rates: Rates | None, months: IntArray
) -> FloatArray:
    if rates is not None:
        return rates.at(months)
    if columns.risk_free is not None:
        return _numbers(frame[columns.risk_free])
    return np.broadcast_to(0.0, len(months))


def _numbers(values: pl.Series) -> FloatArray:
    """As floats; NaN where a text is no number, as where nothing stands."""
    if values.dtype == pl.String:
        values = values.str.strip_chars()
    return np.asarray(values.cast(pl.Float64, strict=False).to_numpy())


def _in_order(
    frame: pl.DataFrame,
    ids: pl.Series,
    months: IntArray,
    excess: FloatArray,
    rejects: pl.DataFrame,
) -> tuple[FundRows, pl.DataFrame]:
    """Bring rows into order where they are not, and take out second rows for a month."""
    starts = run_starts(ids)
    names = ids.gather(starts[:-1])
    if names.n_unique() == len(names) and _ascending(months, starts):
        return FundRows(names, starts, months, excess), rejects
    order = _order(ids, months)
    frame, ids, months, excess = frame[order], ids.gather(order), months[order], excess[order]
    bad = _repeated(months, excess, run_starts(ids))
    if bad.any():
        rejects = pl.concat([rejects, _repeats(frame, ids, months, bad)])
        ids, months, excess = ids.filter(pl.Series(~bad)), months[~bad], excess[~bad]
    starts = run_starts(ids)
    return FundRows(ids.gather(starts[:-1]), starts, months, excess), rejects


def run_starts(ids: pl.Series) -> IntArray:
    """First row of each run of equal names, and the number of rows."""
    if ids.is_empty():
        return np.zeros(1, dtype=np.int64)
    runs = ids.rle_id().to_numpy()
    changes = np.flatnonzero(runs[1:] != runs[:-1]) + 1
    return np.concatenate([[0], changes, [len(runs)]]).astype(np.int64)


def _ascending(months: IntArray, starts: IntArray) -> bool:
    later = months[1:] > months[:-1]
    later[starts[1:-1] - 1] = True
    return bool(later.all())


def _order(ids: pl.Series, months: IntArray) -> IntArray:
    """Funds in the order of their first rows, and each in order of time; stable."""
    order = (
        pl.DataFrame({"id": ids, "month": months})
        .with_row_index("row")
        .with_columns(pl.col("row").min().over("id").alias("first"))
        .sort("first", "month", "row")
    )
    return order["row"].to_numpy().astype(np.int64)


def _repeated(months: IntArray, excess: FloatArray, starts: IntArray) -> np.ndarray:
    """Rows to leave out where a month has several: all if they differ, else all but one."""
    fund = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    group = np.concatenate([[0], np.cumsum((np.diff(fund) != 0) | (np.diff(months) != 0))])
    count = np.bincount(group)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    differs = np.bincount(group, excess != excess[first][group]) > 0
    again = np.ones(len(months), dtype=bool)
    again[first] = False
    return np.asarray(differs[group] | again)


def _repeats(
    frame: pl.DataFrame, ids: pl.Series, months: IntArray, bad: np.ndarray
) -> pl.DataFrame:
    rows = pl.Series(bad).arg_true()
    text = "expected one return for a month (equal ones count once), got a repeated row for "
    labels = [text + month_label(int(month)) for month in months[bad]]
    return pl.DataFrame(
        {
            "where": where_of(frame, rows),
            "id": ids.gather(rows),
            "reason": pl.Series(labels, dtype=pl.String),
        }
    )
