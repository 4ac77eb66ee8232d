"""Every column that Halyard reads: its unit, meaning, limits and usual names.

The table `COLUMNS` is the one place where a name is tied to a meaning. Readers
guess a column by its synonyms, in the order written here; `ColumnChoice`
overrules every guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal, get_args

from models.errors import ConfigError

Layout = Literal["long", "wide", "transposed"]
ValueKind = Literal["returns", "nav"]


@dataclass(frozen=True)
class Column:
    """Unit, meaning, limits (inclusive unless said) and usual names of one column."""

    name: str
    unit: str
    meaning: str
    synonyms: tuple[str, ...]
    minimum: float | None = None
    maximum: float | None = None


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column(
            "series",
            "text",
            "name of the fund or series; several columns together may form it",
            (
                *("series", "series_id", "unique_id", "ticker", "symbol", "isin", "cusip", "sedol"),
                *("permno", "fund_id", "fundid", "fund", "scheme", "scheme_code", "secid", "id"),
                *("crsp_fundno", "fundno", "figi", "wkn", "ric", "amfi_code", "code", "asset"),
                *("instrument", "product", "portfolio", "fund_name", "scheme_name", "share_class"),
                *("name", "variable"),
            ),
        ),
        Column(
            "date",
            "day or period",
            "period of the row; a day stands for the period that holds it",
            (
                *("month", "period", "yearmonth", "year_month", "ym", "quarter", "week"),
                *("date", "dates", "nav_date", "caldt", "day", "time", "timestamp", "as_of"),
                *("asof", "datetime", "ds", "month_end", "period_end", "eom", "yyyymm", "mcaldt"),
                *("observation_date", "report_date", "reporting_date", "valuation_date"),
                *("price_date", "trade_date", "as_of_date"),
            ),
        ),
        Column(
            "observed",
            "day",
            "day of the observation, where the period has a column of its own",
            ("nav_date", "date", "day", "observed", "as_of", "asof", "price_date", "trade_date"),
        ),
        Column(
            "returns",
            "decimal per period (0.01 = 1 %), above -1",
            "simple total return of the period",
            (
                *("ret", "return", "returns", "monthly_return", "total_return", "mret", "mtotret"),
                *("r", "ret_total", "fund_return", "net_return", "pct_return", "return_pct"),
                *("performance", "perf", "net_ret", "gross_return", "mthret", "ret_1m"),
            ),
            minimum=-1.0,
        ),
        Column(
            "nav",
            "money or index points, above 0",
            "net asset value, adjusted price or total-return index at the end of the period",
            (
                *("adj_nav", "nav", "net_asset_value", "adj_close", "adjclose", "adjusted_close"),
                *("tri", "total_return_index", "index_level", "price", "close", "px_last", "level"),
            ),
            minimum=0.0,
        ),
        Column(
            "value",
            "returns or NAV, told apart by what it holds",
            "the value of a melted table",
            ("value", "values", "y"),
        ),
        Column(
            "group",
            "text",
            "group of the series, e.g. its manager or category",
            ("group", "category", "style", "strategy", "sector", "family", "amc", "manager"),
        ),
        Column(
            "benchmark",
            "decimal per period",
            "return of the series' benchmark in the same period",
            ("benchmark", "benchmark_return", "bench", "bmk"),
            minimum=-1.0,
        ),
        Column(
            "risk_free",
            "decimal per period, or yield in % per year (stated)",
            "risk-free rate of the period",
            (
                *("rf", "risk_free", "riskfree", "risk_free_rate", "tbill", "t_bill", "rfr"),
                *("rf_pct_pa", "rf_decimal", "rf_return", "rf_yield", "risk_free_pct_pa"),
                *("risk_free_decimal", "risk_free_return", "risk_free_yield", "tbill_pct_pa"),
                *("tbill_yield", "tbill13w_pct_pa", "tb3ms"),
            ),
        ),
    )
}


@dataclass(frozen=True)
class ColumnChoice:
    """The caller's choice of columns; None leaves the guess to the reader.

    `series` may name several columns, joined to one id. `layout` and `values`
    overrule what is told from the table itself. Raises ConfigError for an unknown one.
    """

    series: str | tuple[str, ...] | None = None
    date: str | None = None
    observed: str | None = None
    returns: str | None = None
    nav: str | None = None
    group: str | None = None
    benchmark: str | None = None
    risk_free: str | None = None
    layout: Layout | None = None
    values: ValueKind | None = None

    def __post_init__(self) -> None:
        for name, kinds in (("layout", get_args(Layout)), ("values", get_args(ValueKind))):
            value = getattr(self, name)
            if value is not None and value not in kinds:
                raise ConfigError(f"--{name}: expected {' or '.join(kinds)}, got {value!r}")
        if self.returns is not None and self.nav is not None:
            raise ConfigError(
                f"--return-column {self.returns!r} and --nav-column {self.nav!r}: give one of them"
            )

    def named(self) -> dict[str, tuple[str, ...]]:
        """Return the columns chosen by name: role -> column names."""
        chosen: dict[str, tuple[str, ...]] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None and item.name not in ("layout", "values"):
                chosen[item.name] = (value,) if isinstance(value, str) else tuple(value)
        return chosen


def normalise(name: str) -> str:
    """Return a name for comparison: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def guess(role: str, names: list[str], taken: tuple[str, ...] = ()) -> str | None:
    """Return the column of `names` that most likely plays `role`, or None."""
    by_name = {normalise(name): name for name in reversed(names) if name not in taken}
    return next((by_name[s] for s in COLUMNS[role].synonyms if s in by_name), None)
