"""Read a panel of returns or NAVs from CSV or Parquet, long, wide or transposed.

Every layout becomes one long table of observations, so that one set of rules,
one repair and one panel builder serve them all. Nothing is dropped but empty
cells: a missing value is the absence of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from models.errors import DataError
from pipelines.datasets.layout import Roles, resolve
from pipelines.datasets.periods import Frequency, check_frequency, parse_dates, period_of
from pipelines.datasets.schema import ColumnChoice, ValueKind
from pipelines.datasets.tables import ROW, Table, median, open_table, text_cells

_EXTRAS = ("group", "benchmark", "risk_free")
_ID_SEPARATOR = " / "
#: All-positive values around this or above are prices, not returns.
_NAV_MEDIAN = 0.5


@dataclass(frozen=True)
class Observations:
    """The values of a file as one long table, in the order of the file.

    frame    cell (0, 1, ...), row (1-based), series, column (of the file), date_text, day, period,
             value, text (what stood where a number was expected), group,
             benchmark, risk_free
    kind     what `value` is: returns (decimal) or NAVs
    """

    file: str
    frame: pl.DataFrame
    kind: ValueKind
    frequency: Frequency
    roles: Roles

    @property
    def date_column(self) -> str:
        return self.roles.date or ""

    def with_frame(self, frame: pl.DataFrame) -> Observations:
        return replace(self, frame=frame)


def read_observations(
    path: str | Path, columns: ColumnChoice | None = None, frequency: str = "monthly"
) -> Observations:
    """Read a file as it is; faults of single rows are left to validation.

    Raises DataError when the table as a whole cannot be used: unreadable, no
    rows, columns missing or of a wrong type, layout or dates that can be read in two ways.
    """
    stated = check_frequency(frequency)
    table = open_table(path)
    roles = resolve(table, columns or ColumnChoice())
    if roles.layout == "long" and (columns is None or columns.series is None):
        roles = _with_composite_id(table, roles)
    _check_types(table, roles)
    frame = _dated(_long_frame(table, roles), table, stated)
    if frame.is_empty():
        raise DataError(f"{table.file}: no values; expected rows under the header")
    kind = roles.kind or _kind_of(frame["value"])
    return Observations(str(table.file), frame, kind, stated, roles)


def _with_composite_id(table: Table, roles: Roles) -> Roles:
    """Join the group to the id when the id alone names several series.

    It does when (id, date) repeats and (group, id, date) never does.
    """
    if roles.group is None or roles.date is None:
        return roles
    key = [*roles.series, roles.date]
    counts = table.collect(
        table.lazy.select(
            alone=pl.struct(key).n_unique(),
            joined=pl.struct([roles.group, *key]).n_unique(),
            rows=pl.len(),
        )
    )
    alone, joined, rows = counts.row(0)
    if alone < rows == joined:
        return replace(roles, series=(roles.group, *roles.series))
    return roles


def _check_types(table: Table, roles: Roles) -> None:
    for name in (*roles.values, roles.benchmark, roles.risk_free):
        if name is not None and not _is_number_or_text(table.schema[name]):
            raise DataError(
                f"{table.file}, column {name!r}: expected numbers, got {table.schema[name]}"
            )


def _is_number_or_text(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype in (pl.String, pl.Null)


def _long_frame(table: Table, roles: Roles) -> pl.DataFrame:
    """Return row, series, column, date (as stored), value, text and the extras."""
    extras = [_extra(role, getattr(roles, role), table) for role in _EXTRAS]
    observed = pl.col(roles.observed) if roles.observed else pl.lit(None)
    if roles.layout == "long":
        name = roles.values[0]
        series = pl.concat_str([text_cells(c) for c in roles.series], separator=_ID_SEPARATOR)
        lazy = table.lazy.select(
            pl.col(ROW).alias("row"),
            series.alias("series"),
            pl.lit(name).alias("column"),
            pl.col(str(roles.date)).alias("date"),
            observed.alias("observed"),
            *_value(name, table.schema[name]),
            *extras,
        )
    else:
        lazy = _unpivoted(table, roles, extras)
    frame = table.collect(lazy)
    kept = frame.filter(pl.col("value").is_not_null() | pl.col("text").is_not_null())
    return kept.with_row_index("cell")


def _unpivoted(table: Table, roles: Roles, extras: Sequence[pl.Expr]) -> pl.LazyFrame:
    all_text = any(table.schema[n] == pl.String for n in roles.values)
    dtype = pl.String if all_text else pl.Float64
    wide = roles.layout == "wide"
    key = (
        pl.col(str(roles.date)).alias("date")
        if wide
        else pl.concat_str([text_cells(c) for c in roles.series], separator=_ID_SEPARATOR).alias(
            "series"
        )
    )
    # A prefix keeps a fund named "row" or "date" apart from the reader's own columns.
    cells = [pl.col(n).cast(dtype).alias(f"cell:{n}") for n in roles.values]
    long = (
        table.lazy.select(pl.col(ROW).alias("row"), key, *extras, *cells)
        .unpivot(
            index=["row", "date" if wide else "series", *_EXTRAS],
            variable_name="column",
            value_name="cell",
        )
        .with_columns(pl.col("column").str.strip_prefix("cell:"))
        .with_columns(pl.col("column").alias("series" if wide else "date"))
    )
    return long.select(
        "row",
        "series",
        "column",
        "date",
        pl.lit(None).alias("observed"),
        *_value("cell", dtype()),
        *_EXTRAS,
    )


def _extra(role: str, name: str | None, table: Table) -> pl.Expr:
    if role == "group":
        return (pl.lit(None, pl.String) if name is None else text_cells(name)).alias(role)
    if name is None:
        return pl.lit(None, pl.Float64).alias(role)
    return _numbers(name, table.schema[name]).alias(role)


def _value(name: str, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
    """Return the number in a cell, and its text where it holds none."""
    value = _numbers(name, dtype)
    if dtype.is_numeric():
        return value.alias("value"), pl.lit(None, pl.String).alias("text")
    text = text_cells(name)
    return value.alias("value"), pl.when(value.is_null()).then(text).alias("text")


def _numbers(name: str, dtype: pl.DataType) -> pl.Expr:
    cells = pl.col(name) if dtype.is_numeric() else text_cells(name)
    return cells.cast(pl.Float64, strict=False).fill_nan(None)


def _dated(frame: pl.DataFrame, table: Table, frequency: Frequency) -> pl.DataFrame:
    """Turn `date` into date_text, day and period; unreadable dates give a null period."""
    try:
        date = _as_day(frame["date"])
        observed = _as_day(frame["observed"])
    except DataError as error:
        raise DataError(f"{table.file}: {error}") from error
    return frame.with_columns(
        pl.col("date").cast(pl.String).alias("date_text"),
        # The day of observation says which value of a period is its last.
        pl.coalesce(observed, date).alias("day"),
        period_of(pl.lit(date), frequency).alias("period"),
    ).drop("date", "observed")


def _as_day(column: pl.Series) -> pl.Series:
    if column.dtype in (pl.Date, pl.Datetime):
        return column.cast(pl.Date)
    texts = column.cast(pl.String).str.strip_chars()
    days = parse_dates(texts.drop_nulls().unique().to_list())
    return texts.replace_strict(days, default=None, return_dtype=pl.Date)


def _kind_of(values: pl.Series) -> ValueKind:
    """Tell NAVs from returns: NAVs are all positive, and none is near zero."""
    finite = values.filter(values.is_finite())
    positive = not bool((finite <= 0.0).any())
    return "nav" if positive and (median(finite) or 0.0) >= _NAV_MEDIAN else "returns"
