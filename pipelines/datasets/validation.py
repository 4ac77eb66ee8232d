"""The rules that each row of a file of returns or NAVs must keep.

Rows are checked with dataframely, which parts good rows from bad ones and says
which rules each bad row breaks. `panel_rules` holds the rules about a whole
series or file. An *error* forbids use of the file; a *warning* is told and
lived with.
"""

# dataframely passes the class to a rule, under the name that its own documents use.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dataframely as dy
import polars as pl

from pipelines.datasets.findings import Finding
from pipelines.datasets.reading import Observations


class ReturnRow(dy.Schema):
    """A row of returns: decimal, finite, above -100 %, one per series and period."""

    cell = dy.UInt32()
    series = dy.String(nullable=True)
    period = dy.Date(nullable=True)
    day = dy.Date(nullable=True)
    value = dy.Float64(nullable=True, allow_inf=True, allow_nan=True)
    text = dy.String(nullable=True)

    @dy.rule()
    def no_series(cls) -> pl.Expr:
        return cls.series.col.is_not_null()

    @dy.rule()
    def bad_date(cls) -> pl.Expr:
        return cls.period.col.is_not_null()

    @dy.rule()
    def not_a_number(cls) -> pl.Expr:
        return cls.text.col.is_null()

    @dy.rule()
    def not_finite(cls) -> pl.Expr:
        return cls.value.col.is_finite().fill_null(True)

    @dy.rule()
    def impossible(cls) -> pl.Expr:
        return (cls.value.col > -1.0).fill_null(True) | cls.value.col.is_infinite()

    @dy.rule()
    def duplicate(cls) -> pl.Expr:
        return (pl.len().over("series", "period") == 1) | cls.period.col.is_null()


class NavRow(ReturnRow):
    """A row of NAVs: finite, positive, one per series and day."""

    @dy.rule()
    def impossible(cls) -> pl.Expr:
        return (cls.value.col > 0.0).fill_null(True) | cls.value.col.is_infinite()

    @dy.rule()
    def duplicate(cls) -> pl.Expr:
        return (pl.len().over("series", "day") == 1) | cls.day.col.is_null()


#: Numbers that vendors write where a value is missing.
MISSING_MARKS = (-99.99, -999.0, -999.99, -9999.0)
_RULES = ("no_series", "bad_date", "not_a_number", "not_finite", "impossible", "duplicate")
_Row = dict[str, Any]


def check_rows(observations: Observations) -> tuple[list[Finding], Observations]:
    """Return the faults of single rows, and the observations without the bad rows."""
    schema = ReturnRow if observations.kind == "returns" else NavRow
    frame = observations.frame
    result = schema.filter(frame.select(schema.column_names()))
    details = result.failure.details()
    if details.is_empty():
        return [], observations
    faults = details.select("cell", *_RULES).join(frame, on="cell", how="left")
    findings = [
        _finding(observations, rule, fault)
        for fault in faults.sort("row", maintain_order=True).iter_rows(named=True)
        for rule in _RULES
        if fault[rule] == "invalid"
    ]
    good = frame.join(faults, on="cell", how="anti")
    return findings, observations.with_frame(good)


def _finding(observations: Observations, rule: str, fault: _Row) -> Finding:
    in_date = rule == "bad_date" and observations.roles.layout != "transposed"
    in_series = rule == "no_series" and bool(observations.roles.series)
    column = fault["column"]
    if in_date:
        column = observations.date_column
    elif in_series:
        column = " + ".join(observations.roles.series)
    return Finding(
        file=observations.file,
        row=fault["row"],
        column=column,
        series=fault["series"] or "",
        rule=rule,
        message=_MESSAGES[rule](fault, observations),
    )


def _impossible(fault: _Row, observations: Observations) -> str:
    if fault["value"] in MISSING_MARKS:
        return (
            f"{fault['value']:g} looks like a mark for a missing value; leave the cell empty "
            "(--clean does so)"
        )
    if observations.kind == "nav":
        return f"NAV {fault['value']:g} is not positive; correct it or leave the cell empty"
    return (
        f"return {fault['value']:g} is -100 % or less; a fund cannot lose more than all: "
        "correct it or leave the cell empty"
    )


def _duplicate(fault: _Row, observations: Observations) -> str:
    when = fault["date_text"] if observations.kind == "returns" else fault["day"]
    return (
        f"{fault['series']!r} has more than one value for {when}; keep one "
        "(--clean drops equal ones; if two funds share the name, add a column to the id)"
    )


_MESSAGES: dict[str, Callable[[_Row, Observations], str]] = {
    "no_series": lambda _fault, _obs: "the name of the series is empty; fill it in or drop the row",
    "bad_date": lambda fault, obs: (
        f"expected a date such as 2013-07 or 2013-07-31 ({obs.frequency}), "
        f"got {'an empty cell' if fault['date_text'] is None else repr(fault['date_text'])}"
    ),
    "not_a_number": lambda fault, _obs: (
        f"expected a number such as 0.0123, got the text {fault['text']!r}"
    ),
    "not_finite": lambda fault, _obs: (
        f"{fault['value']} is not a finite number; leave the cell empty if the value is missing "
        "(--clean does so)"
    ),
    "impossible": _impossible,
    "duplicate": _duplicate,
}
