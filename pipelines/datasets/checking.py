"""Check a file of fund returns: all findings, and one row per series and period."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.datasets.cleaning import clean_returns, clean_rows
from pipelines.datasets.coverage_rules import check_coverage
from pipelines.datasets.findings import Action, Finding, errors_of
from pipelines.datasets.panel_rules import check_frequency, check_order, check_returns
from pipelines.datasets.percent import check_percent
from pipelines.datasets.periods import Frequency, period_label
from pipelines.datasets.reading import Observations, read_observations
from pipelines.datasets.returns import to_returns
from pipelines.datasets.schema import ColumnChoice
from pipelines.datasets.validation import check_rows


@dataclass(frozen=True)
class CheckedReturns:
    """Returns of a file as one row per series and period, with all findings."""

    observations: Observations
    returns: pl.DataFrame
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...]


def check_file(
    path: str | Path,
    *,
    columns: ColumnChoice | None = None,
    frequency: str = "monthly",
    clean: bool = False,
) -> CheckedReturns:
    """Read and check a file; with `clean`, repair it first and report what is left.

    Raises DataError only when the table as a whole cannot be read.
    """
    observations = read_observations(path, columns, frequency)
    actions: list[Action] = []
    if clean:
        observations, actions = clean_rows(observations)
    findings, good = _check_observations(observations)
    returns = to_returns(good)
    if clean:
        returns, more = clean_returns(good, returns)
        actions += more
    if not any(f.rule in ("percent", "frequency") for f in findings):
        findings += _about_returns(good, returns, has_errors=bool(errors_of(findings)))
    return CheckedReturns(good, returns, tuple(findings), tuple(actions))


def _check_observations(observations: Observations) -> tuple[list[Finding], Observations]:
    """Check rows and the file; a fault of a file or series hides its echoes in the rows."""
    whole = [*check_percent(observations), *check_frequency(observations)]
    rows, good = check_rows(observations)
    in_percent = {f.series for f in whole if f.rule == "percent"}
    wrong_frequency = any(f.rule == "frequency" for f in whole)
    shown = [
        f
        for f in rows
        if not (f.rule == "impossible" and ("" in in_percent or f.series in in_percent))
        and not (f.rule == "duplicate" and wrong_frequency)
    ]
    return [*whole, *shown, *check_order(good)], good


def _about_returns(good: Observations, returns: pl.DataFrame, *, has_errors: bool) -> list[Finding]:
    """Check what is left of the good rows; few are left where others are faulty."""
    found = [*check_returns(good, returns), *check_coverage(good, returns)]
    return [f for f in found if not (has_errors and f.rule in ("too_short", "no_returns"))]


def returns_table(checked: CheckedReturns) -> pl.DataFrame:
    """Return checked returns as a long table that can be read back.

    Columns: series, period, return, and group, benchmark and risk-free rate where there are any;
    the rate keeps the name of its column, which may tell its unit.
    """
    frequency: Frequency = checked.observations.frequency
    frame = checked.returns
    axis = frame["period"].unique().to_list()
    labels = [period_label(p, frequency) for p in axis]
    table = frame.select(
        "series",
        pl.col("period").replace_strict(axis, labels, return_dtype=pl.String),
        pl.col("value").alias("return"),
        "group",
        "benchmark",
        pl.col("risk_free").alias(checked.observations.roles.risk_free or "risk_free"),
    )
    return table.select(c for c in table.columns if table[c].null_count() < table.height)
