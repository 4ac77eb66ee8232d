"""Tell the layout of a table and the role of its columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from models.errors import DataError
from pipelines.datasets.periods import parse_dates
from pipelines.datasets.schema import COLUMNS, ColumnChoice, Layout, ValueKind, guess, normalise
from pipelines.datasets.tables import Table, text_cells

_HEADERS_FOR_TRANSPOSED = 3
_NUMBERS_OF_MONTHS = {str(number) for number in range(1, 13)}
#: Names that data frames give to the numbers of rows when they are saved.
_ROW_NUMBERS = ("unnamed_0", "index_level_0")
_VALUE_NAMES = {s for role in ("returns", "nav", "value") for s in COLUMNS[role].synonyms}


@dataclass(frozen=True)
class Roles:
    """Which column plays which role.

    series   id columns (empty in a wide table: each value column is a series)
    values   the value column of a long table, or all value columns
    kind     what the values are; None: to be told from what they hold
    year     column of the year, where `date` holds only the number of a month or quarter
    only     name of the series in a file of one fund
    """

    layout: Layout
    series: tuple[str, ...]
    date: str | None
    values: tuple[str, ...]
    kind: ValueKind | None
    observed: str | None = None
    group: str | None = None
    benchmark: str | None = None
    risk_free: str | None = None
    year: str | None = None
    only: str | None = None


def resolve(table: Table, choice: ColumnChoice) -> Roles:
    """Return the roles of a table's columns; DataError if they cannot be told."""
    for role, chosen in choice.named().items():
        for name in chosen:
            if name not in table.names:
                raise DataError(
                    f"{table.file}: no column {name!r} for {role}; there are {listed(table.names)}"
                )
    if _is_transposed(table, choice):
        return _transposed(table, choice)
    date = choice.date or guess("date", table.names) or first_if_dates(table)
    if date is None:
        raise DataError(
            f"{table.file}: no date column among {listed(table.names)}; "
            f"say --date-column, or call it {COLUMNS['date'].synonyms[0]!r} or 'date'"
        )
    year = _year_beside(table, date)
    series = _series(table, choice)
    if choice.layout == "wide" or (choice.layout is None and not series):
        return _wide(table, choice, date, year)
    if not series:
        raise DataError(
            f"{table.file}: no series column among {listed(table.names)}; say --series-column"
        )
    return replace(_long(table, choice, date, series), year=year)


def _series(table: Table, choice: ColumnChoice) -> tuple[str, ...]:
    if choice.series is not None:
        return choice.named()["series"]
    found = guess("series", table.names)
    return () if found is None else (found,)


def _long(table: Table, choice: ColumnChoice, date: str, series: tuple[str, ...]) -> Roles:
    taken = (*series, date)
    group = choice.group or guess("group", table.names, taken)
    observed = choice.observed or guess("observed", table.names, taken)
    benchmark = choice.benchmark or guess("benchmark", table.names, taken)
    risk_free = choice.risk_free or guess("risk_free", table.names, taken)
    found = _value_column(table, choice, taken)
    if found is None:
        used = {*taken, group, observed, benchmark, risk_free}
        rest = [n for n in table.names if n not in used]
        reason = f"series column {series[0]!r}, but no column of returns or NAVs"
        advice = "say --return-column or --nav-column"
        if len(rest) > 1:
            reason = f"mixed layout: {reason}, and {len(rest)} others ({listed(rest)})"
            advice += ", or --layout wide if each column is a fund"
        raise DataError(f"{table.file}: {reason}; {advice}")
    value, kind = found
    return Roles("long", series, date, (value,), kind, observed, group, benchmark, risk_free)


def _value_column(
    table: Table, choice: ColumnChoice, taken: tuple[str, ...]
) -> tuple[str, ValueKind | None] | None:
    """Return the value column and what it holds; returns are preferred to NAVs."""
    wanted: tuple[ValueKind, ...] = ("returns", "nav")
    for kind in wanted:
        chosen = choice.returns if kind == "returns" else choice.nav
        if chosen is not None:
            return chosen, kind
    for kind in wanted if choice.values is None else (choice.values,):
        found = guess(kind, table.names, taken)
        if found is not None:
            return found, kind
    found = guess("value", table.names, taken)
    return None if found is None else (found, choice.values)


def _wide(table: Table, choice: ColumnChoice, date: str, year: str | None) -> Roles:
    benchmark = choice.benchmark or guess("benchmark", table.names, (date,))
    risk_free = choice.risk_free or guess("risk_free", table.names, (date,))
    taken = (date, year, benchmark, risk_free)
    values = tuple(n for n in table.names if n not in taken and normalise(n) not in _ROW_NUMBERS)
    kind, only = choice.values, None
    single = choice.returns or choice.nav
    if single is not None:
        values, kind, only = (single,), "returns" if choice.returns else "nav", table.stem
    elif all(normalise(name) in _VALUE_NAMES for name in values):
        # A file of one fund: its columns say what they hold, not whose it is.
        found = _value_column(table, choice, (date,))
        if found is not None:
            values, kind, only = (found[0],), found[1], table.stem
    if not values:
        raise DataError(f"{table.file}: no column of values beside the date column {date!r}")
    return Roles("wide", (), date, values, kind, None, None, benchmark, risk_free, year, only)


def _transposed(table: Table, choice: ColumnChoice) -> Roles:
    headers = tuple(parse_dates(table.names))
    others = tuple(n for n in table.names if n not in headers)
    series = choice.named().get("series") or others[:1]
    if not series:
        raise DataError(
            f"{table.file}: months across, but no column that names the series; add one"
        )
    group = choice.group or guess("group", list(others), series)
    return Roles("transposed", series, None, headers, choice.values, None, group)


def _is_transposed(table: Table, choice: ColumnChoice) -> bool:
    if choice.layout is not None or choice.date is not None:
        return choice.layout == "transposed"
    if guess("date", table.names) is not None:
        return False
    return len(parse_dates(table.names)) >= _HEADERS_FOR_TRANSPOSED


def first_if_dates(table: Table) -> str | None:
    """Return the only column of days, or else the first column if it holds dates.

    That is the usual index of an export, which has no name.
    """
    days = [name for name in table.names if table.schema[name] in (pl.Date, pl.Datetime)]
    if len(days) == 1:
        return days[0]
    if not table.names:
        return None
    head = _head(table, table.names[0])
    return table.names[0] if len(parse_dates(head)) > len(set(head)) / 2 else None


def _head(table: Table, name: str) -> list[str]:
    cells = table.collect(table.lazy.select(text_cells(name)).head(50)).to_series()
    return cells.drop_nulls().to_list()


def _year_beside(table: Table, date: str) -> str | None:
    """Return the column of the year where `date` is only the number of a month or quarter."""
    years = [name for name in table.names if normalise(name) in ("year", "yr", "yyyy")]
    if len(years) != 1 or normalise(date) not in ("month", "quarter", "mm", "period"):
        return None
    head = _head(table, date)
    numbers = [cell.removesuffix(".0").lstrip("0") for cell in head]
    return years[0] if numbers and all(n in _NUMBERS_OF_MONTHS for n in numbers) else None


def listed(names: list[str], shown: int = 8) -> str:
    """Return names in quotes, the first few of many."""
    text = ", ".join(repr(n) for n in names[:shown])
    return text if len(names) <= shown else f"{text}, ... ({len(names)} in all)"
