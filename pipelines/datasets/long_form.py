"""Turn a table of any layout into one long table of cells."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from models.errors import DataError
from pipelines.datasets.layout import Roles
from pipelines.datasets.numbers import to_numbers
from pipelines.datasets.periods import Frequency, days_of, period_of
from pipelines.datasets.schema import normalise
from pipelines.datasets.tables import ROW, Table, id_cells, text_cells

_EXTRAS = ("group", "benchmark", "risk_free")
_ID_SEPARATOR = " / "


def long_form(table: Table, roles: Roles, frequency: Frequency) -> tuple[pl.DataFrame, list[str]]:
    """Return the cells that hold something, and the series that hold nothing at all.

    Columns: cell, row, series, column, the extras, value, text, date_text, day, period.
    Raises DataError for a benchmark or rate that is no number, and for unclear dates.
    """
    cells = table.collect(_cells(table, roles))
    kept = cells.filter(pl.col("raw").is_not_null()).with_row_index("cell")
    without = cells.join(kept, on="series", how="anti", nulls_equal=True)["series"]
    frame = _dated(_with_numbers(kept, table, roles), table, frequency)
    return frame, sorted(without.drop_nulls().unique().to_list())


def _cells(table: Table, roles: Roles) -> pl.LazyFrame:
    extras = [_extra(role, getattr(roles, role), table) for role in _EXTRAS]
    if roles.layout != "long":
        return _unpivoted(table, roles, extras)
    name = roles.values[0]
    return table.lazy.select(
        pl.col(ROW).alias("row"),
        _id(roles).alias("series"),
        pl.lit(name).alias("column"),
        _date(roles).alias("date"),
        (pl.col(roles.observed) if roles.observed else pl.lit(None)).alias("observed"),
        _raw(name, table).alias("raw"),
        *extras,
    )


def _unpivoted(table: Table, roles: Roles, extras: Sequence[pl.Expr]) -> pl.LazyFrame:
    wide = roles.layout == "wide"
    key = _date(roles).alias("date") if wide else _id(roles).alias("series")
    all_text = any(table.schema[n] == pl.String for n in roles.values)
    dtype = pl.String if all_text else pl.Float64
    # A prefix keeps a fund named "row" or "date" apart from the reader's own columns.
    cells = [_raw(n, table).cast(dtype).alias(f"cell:{n}") for n in roles.values]
    return (
        table.lazy.select(pl.col(ROW).alias("row"), key, *extras, *cells)
        .unpivot(
            index=["row", "date" if wide else "series", *_EXTRAS],
            variable_name="column",
            value_name="raw",
        )
        .with_columns(pl.col("column").str.strip_prefix("cell:"), observed=pl.lit(None))
        .with_columns(_name(roles).alias("series" if wide else "date"))
        .select("row", "series", "column", "date", "observed", "raw", *_EXTRAS)
    )


def _date(roles: Roles) -> pl.Expr:
    if roles.year is None:
        return pl.col(str(roles.date))
    quarter = "Q" if normalise(str(roles.date)) == "quarter" else ""
    year, part = (text_cells(str(n)).str.strip_suffix(".0") for n in (roles.year, roles.date))
    return pl.concat_str([year, pl.lit(f"-{quarter}"), part])


def _name(roles: Roles) -> pl.Expr:
    return pl.col("column").str.strip_chars() if roles.only is None else pl.lit(roles.only)


def _id(roles: Roles) -> pl.Expr:
    return pl.concat_str([id_cells(c) for c in roles.series], separator=_ID_SEPARATOR)


def _extra(role: str, name: str | None, table: Table) -> pl.Expr:
    if name is None:
        return pl.lit(None, pl.String if role == "group" else pl.Float64).alias(role)
    return (text_cells(name) if role == "group" else _raw(name, table)).alias(role)


def _raw(name: str, table: Table) -> pl.Expr:
    """A cell as a number, or as the text that may hold one; null where it is missing."""
    if table.schema[name].is_numeric():
        return pl.col(name).cast(pl.Float64).fill_nan(None)
    return text_cells(name)


def _with_numbers(frame: pl.DataFrame, table: Table, roles: Roles) -> pl.DataFrame:
    """Split `raw` into value and text (what stood where a number was expected)."""
    raw = frame["raw"]
    if raw.dtype != pl.String:
        parsed = [raw.alias("value"), pl.Series("text", [None] * len(raw), dtype=pl.String)]
    else:
        value = to_numbers(raw, table.separator).alias("value")
        parsed = [value, raw.zip_with(value.is_null(), raw.clear(len(raw))).alias("text")]
    extras = [_extra_numbers(frame, role, getattr(roles, role), table) for role in _EXTRAS[1:]]
    return frame.drop("raw").with_columns(*parsed, *extras)


def _extra_numbers(frame: pl.DataFrame, role: str, name: str | None, table: Table) -> pl.Series:
    raw = frame[role]
    value = to_numbers(raw, table.separator) if raw.dtype == pl.String else raw
    bad = frame.filter((value.is_null() & raw.is_not_null()) | value.is_infinite().fill_null(False))
    if bad.height:
        raise DataError(
            f"{table.file}, row {bad['row'][0]}, column {name!r}: expected a finite number such "
            f"as 0.0123, got {str(bad[role][0])!r}; leave the cell empty if it is missing"
        )
    return value.alias(role)


def _dated(frame: pl.DataFrame, table: Table, frequency: Frequency) -> pl.DataFrame:
    """Turn `date` into date_text, day and period; unreadable dates give a null period."""
    try:
        date, observed = days_of(frame["date"]), days_of(frame["observed"])
    except DataError as error:
        raise DataError(f"{table.file}: {error}") from error
    return frame.with_columns(
        pl.col("date").cast(pl.String).alias("date_text"),
        # The day of observation says which value of a period is its last.
        pl.coalesce(observed, date).alias("day"),
        period_of(pl.lit(date), frequency).alias("period"),
    ).drop("date", "observed")
