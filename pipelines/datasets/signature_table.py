"""The columns of a file that signatures are taken of, as numbers and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from models.errors import ConfigError, DataError
from pipelines.datasets.layout import listed
from pipelines.datasets.numbers import to_numbers
from pipelines.datasets.periods import days_of
from pipelines.datasets.tables import ROW, Table, id_cells, open_table, text_cells

_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(min|h|d|w)?")


def read_signature_table(
    path: Path, values: tuple[str, ...], series: str | None = None, time: str | None = None
) -> pl.DataFrame:
    """Read the named columns, and the rows' numbers as `ROW`.

    Numbers are floats, times dates, moments (UTC) or numbers, series text. Raises DataError for
    a file or column that cannot be read, naming the row.
    """
    table = open_table(path)
    for name in filter(None, (*values, series, time)):
        if name not in table.names:
            raise DataError(f"{table.file}: no column {name!r}; there are {listed(table.names)}")
    cells = [_cells(table, name) for name in dict.fromkeys(filter(None, (*values, time)))]
    if series is not None:
        cells = [cell for cell in cells if cell.meta.output_name() != series]
        cells.append(id_cells(series).alias(series))
    frame = table.collect(table.lazy.select(ROW, *cells))
    if time is not None:
        frame = frame.with_columns(_times(table, frame, time))
    return frame.with_columns(_numbers(table, frame, name) for name in values)


def parse_span(text: str) -> timedelta | float:
    """ "90d", "12h", "30min" or "2w" as a duration, "2.5" as a number. Raises ConfigError."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"--span: expected 90d, 12h, 30min, 2w or a number, got {text!r}")
    number, unit = float(match[1]), match[2]
    return timedelta(**{_UNITS[unit]: number}) if unit else number


def _cells(table: Table, name: str) -> pl.Expr:
    text = table.schema[name] == pl.String
    return text_cells(name).alias(name) if text else pl.col(name)


def _numbers(table: Table, frame: pl.DataFrame, name: str) -> pl.Series:
    column = frame[name]
    if column.dtype != pl.String:
        return column
    numbers = to_numbers(column, table.separator)
    bad = (column.is_not_null() & numbers.is_null()).arg_true()
    if len(bad):
        raise DataError(
            f"{table.file}, row {frame[ROW][bad[0]]}, column {name!r}: expected a number, got the "
            f"text {column[bad[0]]!r}"
        )
    return numbers.alias(name)


def _times(table: Table, frame: pl.DataFrame, name: str) -> pl.Series:
    """Times as moments of ISO 8601, else as days in any usual form, else as plain numbers."""
    column = frame[name]
    if column.dtype != pl.String:
        return column
    texts = column.drop_nulls().unique().to_list()
    moments = {text: moment for text in texts if (moment := _moment(text)) is not None}
    if len(moments) == len(texts):
        return column.replace_strict(moments, default=None, return_dtype=pl.Datetime("us"))
    days, numbers = days_of(column), column.cast(pl.Float64, strict=False)
    found = days if days.null_count() <= numbers.null_count() else numbers
    bad = (column.is_not_null() & found.is_null()).arg_true()
    if len(bad):
        raise DataError(
            f"{table.file}, row {frame[ROW][bad[0]]}, column {name!r}: expected a date, a moment "
            f"such as 2013-07-31T06:00 or a number, got the text {column[bad[0]]!r}"
        )
    return found.alias(name)


def _moment(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d", text):
        return None  # numbers of eight digits may be anything
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
