"""Read a panel of returns or NAVs from CSV or Parquet, long, wide or transposed.

Every layout becomes one long table of observations, so that one set of rules,
one repair and one panel builder serve them all. Nothing is dropped but empty
cells: a missing value is the absence of a row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from models.errors import DataError
from pipelines.datasets.findings import Finding, Severity
from pipelines.datasets.layout import Roles, resolve
from pipelines.datasets.long_form import long_form
from pipelines.datasets.periods import Frequency, check_frequency
from pipelines.datasets.schema import ColumnChoice, ValueKind
from pipelines.datasets.tables import Table, median, open_table

_NAMED = ("date", "observed", "group", "benchmark", "risk_free")
#: All-positive values around this or above are prices, not returns.
_NAV_MEDIAN = 0.5


@dataclass(frozen=True)
class Observations:
    """The values of a file as one long table, in the order of the file.

    frame    cell (0, 1, ...), row (1-based), series, column (of the file), date_text, day, period,
             value, text (what stood where a number was expected), group,
             benchmark, risk_free
    kind     what `value` is: returns (decimal) or NAVs
    empty    series of the file without any value; `frame` does not hold them
    """

    file: str
    frame: pl.DataFrame
    kind: ValueKind
    frequency: Frequency
    roles: Roles
    empty: tuple[str, ...] = ()

    @property
    def date_column(self) -> str:
        return self.roles.date or ""

    @property
    def read_as(self) -> str:
        """How the file was understood, in words, so that a wrong guess can be seen."""
        roles = self.roles
        what = "returns" if self.kind == "returns" else "NAVs"
        parts = [f"{roles.layout} table of {self.frequency} {what}"]
        if roles.layout == "long":
            parts.append(f"values in {roles.values[0]!r}")
        elif roles.only is None:
            across = "months" if roles.layout == "transposed" else "series"
            parts.append(f"{len(roles.values)} {across} across")
        named = {
            "series": " + ".join(repr(name) for name in roles.series),
            **{r: repr(n) for r in _NAMED if (n := getattr(roles, r)) is not None},
        }
        parts += [f"{role} in {name}" for role, name in named.items() if name]
        return ", ".join(parts)

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
    _check_types(table, roles)
    if roles.layout == "long" and (columns is None or columns.series is None):
        roles = _with_composite_id(table, roles)
    frame, empty = long_form(table, roles, stated)
    if frame.is_empty():
        raise DataError(f"{table.file}: no values; expected rows under the header")
    kind = roles.kind or _kind_of(frame["value"])
    return Observations(str(table.file), frame, kind, stated, roles, tuple(empty))


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
    """Refuse columns of Parquet whose type cannot hold what their role asks for."""
    numbers = (*roles.values, roles.benchmark, roles.risk_free)
    names = (*roles.series, roles.group)
    days = (roles.date, roles.observed)
    for columns, expected, fits in (
        (numbers, "numbers", _is_number_or_text),
        (names, "text", _is_name),
        (days, "dates", _is_day),
    ):
        for column in columns:
            if column is not None and not fits(table.schema[column]):
                raise DataError(
                    f"{table.file}, column {column!r}: expected {expected}, "
                    f"got {table.schema[column]}"
                )


def _is_number_or_text(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype in (pl.String, pl.Null)


def _is_name(dtype: pl.DataType) -> bool:
    return _is_number_or_text(dtype) or dtype in (pl.Categorical, pl.Enum)


def _is_day(dtype: pl.DataType) -> bool:
    return dtype in (pl.Date, pl.Datetime) or _is_name(dtype)


def _kind_of(values: pl.Series) -> ValueKind:
    """Tell NAVs from returns: NAVs are all positive, and none is near zero."""
    finite = values.filter(values.is_finite())
    positive = not bool((finite <= 0.0).any())
    return "nav" if positive and (median(finite) or 0.0) >= _NAV_MEDIAN else "returns"


def finding(
    observations: Observations,
    rule: str,
    message: str,
    *,
    row: int | None = None,
    series: str = "",
    column: str | None = None,
    severity: Severity = "error",
) -> Finding:
    """A finding about the file of some observations; without a column, that of the values."""
    where = column
    if where is None:
        where = observations.roles.values[0] if observations.roles.layout == "long" else ""
    return Finding(observations.file, row, where, series, rule, message, severity)
