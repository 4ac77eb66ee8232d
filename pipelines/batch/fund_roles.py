"""Tell the columns of inputs that are too large to be read whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl

from models.errors import DataError
from pipelines.batch.contract import ROW
from pipelines.batch.file_source import FileSource
from pipelines.batch.fund_columns import FundColumns
from pipelines.datasets import tables
from pipelines.datasets.layout import Roles, resolve
from pipelines.datasets.numbers import to_numbers
from pipelines.datasets.percent import is_percent
from pipelines.datasets.periods import parse_dates
from pipelines.datasets.risk_free import unit_of
from pipelines.datasets.schema import ColumnChoice

#: Rows of the beginning that are looked at.
_HEAD = 5_000


@dataclass(frozen=True)
class LargeRoles:
    """Columns of long rows; or, of a table with a row per fund, its columns of months."""

    layout: Literal["long", "transposed"]
    columns: FundColumns
    months: Mapping[str, date]


def roles_of(files: FileSource, choice: ColumnChoice, unit: str) -> LargeRoles:
    """Tell who plays which role, from the names and the first rows. Raises DataError.

    unit   of the risk-free rate, or auto
    """
    head = _head(files)
    where = files.files[0].path
    table = tables.Table(
        Path(where), head.lazy().with_row_index(tables.ROW, offset=1), head.schema, ""
    )
    roles = resolve(table, choice)
    if len(roles.series) != 1 or roles.layout == "wide" or roles.kind == "nav":
        raise DataError(
            f"{where}: inputs of this size are read as long rows (name of the fund in one "
            "column, month, return) or with a row per fund; this one has "
            f"{_shape(roles)}; rearrange it, or say --series-column, --date-column and "
            "--return-column"
        )
    if roles.layout == "transposed":
        columns = FundColumns(roles.series[0], "month", "return")
        return LargeRoles("transposed", columns, parse_dates(list(roles.values)))
    _refuse_percent(head, roles.values[0], where)
    if roles.risk_free is not None and unit_of(roles.risk_free, unit, where) != "decimal":
        raise DataError(
            f"{where}, column {roles.risk_free!r}: inputs of this size need decimal returns of "
            "bills; give the rates as a file with --risk-free"
        )
    return LargeRoles(
        "long",
        FundColumns(roles.series[0], str(roles.date), roles.values[0], roles.risk_free, roles.year),
        {},
    )


def _head(files: FileSource) -> pl.DataFrame:
    """The first rows, without the columns that are the reader's."""
    file = files.files[0]
    if file.kind == "csv":
        table = tables.open_table(file.path)
        lazy = table.lazy.drop(tables.ROW).with_columns(
            pl.lit(value).alias(name) for name, value in file.partition
        )
        return table.collect(lazy.head(_HEAD))
    head = files.collect(0, files.scan(0).head(_HEAD))
    return head.drop(ROW, strict=False)


def _shape(roles: Roles) -> str:
    if roles.kind == "nav":
        return "NAVs"
    if roles.layout == "wide":
        return "a column per fund"
    return f"a name in several columns ({', '.join(roles.series)})"


def _refuse_percent(head: pl.DataFrame, name: str, where: str) -> None:
    values = head[name]
    numbers = to_numbers(values, "") if values.dtype == pl.String else values.cast(pl.Float64)
    if is_percent(numbers.drop_nulls(), "monthly"):
        raise DataError(
            f"{where}, column {name!r}: these look like percent, not decimals (0.01 = 1 %); "
            "divide by 100"
        )
