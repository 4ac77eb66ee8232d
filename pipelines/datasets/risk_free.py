"""The risk-free return of each period, from a file or a column, its unit stated.

A bill yield of y % per year earns (1 + y/100)^(1/n) - 1 in one of n periods.
Units: decimal (0.002) and percent (0.2) per period, yields per year in percent
(yield_pct_pa, 2.4) and as decimals (yield_decimal_pa, 0.024).
Taking an annual rate for a periodic one is the classic mistake: it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
import polars as pl

from models.errors import DataError
from pipelines.datasets.findings import Finding
from pipelines.datasets.layout import first_if_dates, listed
from pipelines.datasets.numbers import to_numbers
from pipelines.datasets.periods import (
    PERIODS_PER_YEAR,
    Frequency,
    days_of,
    period_label,
    period_of,
)
from pipelines.datasets.schema import COLUMNS, guess, normalise
from pipelines.datasets.tables import ROW, Table, median, open_table, text_cells

if TYPE_CHECKING:
    # It brings torch, which a process that only plans a batch has no memory for.
    from models.contract import FloatArray

RiskFreeUnit = Literal["auto", "decimal", "percent", "yield_pct_pa", "yield_decimal_pa"]

_YIELD_NAME = re.compile(r"(^|_)(pct_pa|percent_pa|pct_per_year|yield\w*|pa|annual\w*)($|_)")
_DECIMAL_NAME = re.compile(r"(^|_)(decimal|ret|return|monthly_return|rf_return)($|_)")
#: Nobody earned 2 % a month on bills of a currency that funds report in.
LARGEST_MEDIAN_MONTHLY = 0.02
#: Yields below -5 or above 100 % per year are not yields.
_YIELD_LIMITS = (-5.0, 100.0)
_LONGEST_FILL = 3


def unit_of(name: str, unit: str, where: str) -> RiskFreeUnit:
    """Return the stated unit, or the one that the column's name says.

    Raises DataError that names the option when neither tells.
    """
    for known in get_args(RiskFreeUnit):
        if unit == known != "auto":
            return cast(RiskFreeUnit, known)
    if unit != "auto":
        units = ", ".join(get_args(RiskFreeUnit))
        raise DataError(f"--risk-free-unit: expected one of {units}; got {unit!r}")
    if _DECIMAL_NAME.search(normalise(name)):
        return "decimal"
    if _YIELD_NAME.search(normalise(name)):
        return "yield_pct_pa"
    raise DataError(
        f"{where}, column {name!r}: the unit cannot be told from the name; say "
        "--risk-free-unit decimal (0.002 = 0.2 % per period), percent (0.2), "
        "yield_pct_pa (2.4 = 2.4 % per year) or yield_decimal_pa (0.024)"
    )


def to_periodic(values: pl.Series, unit: str, frequency: Frequency, where: str) -> pl.Series:
    """Return decimal returns per period from decimals or yields in % per year.

    Raises DataError on values that the stated unit forbids.
    """
    known = values.drop_nulls()
    if not known.is_finite().all():
        raise DataError(f"{where}: the risk-free rate holds an infinite value")
    if unit.startswith("yield"):
        percent = values if unit == "yield_pct_pa" else 100.0 * values
        return _from_yields(percent, frequency, where)
    decimal = values if unit == "decimal" else values / 100.0
    _refuse_annual(decimal.drop_nulls(), unit, frequency, where)
    return decimal


def _from_yields(percent: pl.Series, frequency: Frequency, where: str) -> pl.Series:
    low, high = _YIELD_LIMITS
    if not percent.drop_nulls().is_between(low, high).all():
        raise DataError(f"{where}: yields must lie in {low:g} .. {high:g} % per year")
    return (1.0 + percent / 100.0).pow(1.0 / PERIODS_PER_YEAR[frequency]) - 1.0


def _refuse_annual(decimal: pl.Series, unit: str, frequency: Frequency, where: str) -> None:
    """Refuse rates per period that are so high that they must be rates per year."""
    middle = median(decimal)
    limit = LARGEST_MEDIAN_MONTHLY * 12.0 / PERIODS_PER_YEAR[frequency]
    if middle is not None and middle > limit:
        raise DataError(
            f"{where}: median risk-free return is {100 * middle:.3g} % per period if the unit is "
            f"{unit}, above {100 * limit:.3g} %; an annual rate was taken for a periodic one: say "
            "--risk-free-unit yield_pct_pa (2.4 = 2.4 % per year) or give returns per period"
        )
    if decimal.len() and not bool((decimal > -1.0).all()):
        raise DataError(f"{where}: a risk-free return is -100 % or less")


def read_risk_free(
    path: str | Path, *, unit: str = "auto", frequency: Frequency = "monthly"
) -> pl.DataFrame:
    """Read a file of rates: columns `period` (Date) and `risk_free` (decimal per period).

    The last rate of a period stands for it. Raises DataError on a bad file.
    """
    table = open_table(path)
    date_name = guess("date", table.names) or first_if_dates(table)
    if date_name is None:
        raise DataError(
            f"{table.file}: no date column among {listed(table.names)}; call one 'date'"
        )
    name = _rate_column(table, date_name)
    stated = unit_of(name, unit, str(table.file))
    frame = _rates(table, date_name, name)
    rate = to_periodic(frame["rate"], stated, frequency, f"{table.file}, column {name!r}")
    return (
        frame.with_columns(
            rate.alias("risk_free"), period_of(pl.col("day"), frequency).alias("period")
        )
        .sort("day", maintain_order=True)
        .unique("period", keep="last", maintain_order=True)
        .select("period", "risk_free")
    )


def _rates(table: Table, date_name: str, name: str) -> pl.DataFrame:
    """Return row, day and rate of the rows that hold a rate; DataError for an unreadable cell."""
    cells = table.lazy.select(ROW, pl.col(date_name).alias("date"), text_cells(name).alias("text"))
    frame = table.collect(cells).drop_nulls("text")
    if frame.is_empty():
        raise DataError(f"{table.file}: no rates; expected rows under the header")
    try:
        day = days_of(frame["date"])
    except DataError as error:
        raise DataError(f"{table.file}: {error}") from error
    rate = to_numbers(frame["text"], table.separator)
    frame = frame.with_columns(rate.alias("rate"), day.alias("day"))
    _refuse_first(frame, "rate", "text", f"column {name!r}: expected a number", table)
    _refuse_first(frame, "day", "date", f"column {date_name!r}: expected a date", table)
    return frame


def _rate_column(table: Table, date_name: str) -> str:
    found = guess("risk_free", table.names, (date_name,))
    if found is not None:
        return found
    days = set(COLUMNS["date"].synonyms)
    rest = [n for n in table.names if n != date_name and normalise(n) not in days]
    if len(rest) != 1:
        found_names = listed(rest) if rest else "none"
        raise DataError(
            f"{table.file}: expected one column of rates beside the date, or one called "
            f"'risk_free'; got {found_names}"
        )
    return rest[0]


def _refuse_first(
    frame: pl.DataFrame, parsed: str, source: str, expected: str, table: Table
) -> None:
    bad = frame.filter(pl.col(parsed).is_null()).head(1)
    if bad.height:
        cell = bad[source][0]
        got = "an empty cell" if cell is None else repr(str(cell))
        raise DataError(f"{table.file}, row {bad[ROW][0]}, {expected}, got {got}")


def align(
    rates: pl.DataFrame, axis: Sequence[date], frequency: Frequency, where: str
) -> tuple[FloatArray, list[Finding]]:
    """Return the rate of each period of `axis`, and what had to be filled.

    A rate is carried forward over at most three periods, with a warning.
    Raises DataError when a longer stretch, or the start, has none.
    """
    frame = pl.DataFrame({"period": list(axis)}, schema={"period": pl.Date})
    joined = frame.join(rates, on="period", how="left", maintain_order="left")
    filled = joined.with_columns(
        pl.col("risk_free").forward_fill(limit=_LONGEST_FILL).alias("filled")
    )
    missing = filled.filter(pl.col("filled").is_null())["period"]
    if missing.len():
        first, last = rates["period"].min(), rates["period"].max()
        span = (
            "none"
            if not isinstance(first, date) or not isinstance(last, date)
            else (f"{period_label(first, frequency)} .. {period_label(last, frequency)}")
        )
        raise DataError(
            f"{where}: no risk-free rate for {missing.len()} of {len(axis)} periods, the first "
            f"{period_label(missing[0], frequency)} (rates cover {span}); add them or cut the data"
        )
    gaps = filled.filter(pl.col("risk_free").is_null())["period"].to_list()
    return np.asarray(filled["filled"].to_numpy(), dtype=np.float64), [
        Finding(
            where,
            None,
            "risk_free",
            "",
            "risk_free_filled",
            f"no rate for {period_label(gap, frequency)}; the one before it is used",
            "warning",
        )
        for gap in gaps
    ]
