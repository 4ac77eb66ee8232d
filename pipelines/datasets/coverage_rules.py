"""The rules about what a file covers: empty series, near-equal names, holes, a partial end.

All of them are warnings: the file can be used, but its owner would want to know.
"""

from __future__ import annotations

import polars as pl

from pipelines.datasets.findings import Finding
from pipelines.datasets.partial_end import count_by_period, partial_end
from pipelines.datasets.periods import period_label, period_number
from pipelines.datasets.reading import Observations

#: Periods without any return in the whole file that look like a mistyped year.
_HOLE = 24


def check_coverage(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    """Warn of what a file does not cover; `returns` is made of its good rows."""
    return [
        *_without_values(observations, returns),
        *_similar_names(observations, returns),
        *_holes(observations, returns),
        *_partial_months(observations, returns),
    ]


def _without_values(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    """A series without values, or with too few NAVs for a return, is not in the panel."""
    found = [
        _warning(observations, "no_values", "no value in any row; the series is left out", name)
        for name in observations.empty
    ]
    if observations.kind == "nav":
        lonely = observations.frame.join(returns, on="series", how="anti")["series"]
        message = "no two NAVs in neighbouring periods, so no return; the series is left out"
        names = sorted(lonely.drop_nulls().unique().to_list())
        found += [_warning(observations, "no_returns", message, name) for name in names]
    return found


def _similar_names(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    """Names that differ in case or blanks only are kept apart, but are often one fund."""
    names = returns.select("series").unique()
    folded = pl.col("series").str.to_lowercase().str.replace_all(r"\s+", " ")
    groups = (
        names.sort("series")
        .group_by(folded.alias("folded"), maintain_order=True)
        .agg("series")
        .filter(pl.col("series").list.len() > 1)
    )
    return [
        _warning(
            observations,
            "similar_names",
            f"{' and '.join(repr(name) for name in same)} differ in case or blanks only; they are "
            "kept apart, rename them if they are one fund",
        )
        for same in groups["series"].to_list()
    ]


def _holes(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    frequency = observations.frequency
    if frequency == "daily":
        return []
    periods = returns.select("period").unique().sort("period")
    number = period_number(pl.col("period"), frequency)
    steps = periods.with_columns(
        number.diff().alias("step"), pl.col("period").shift(1).alias("before")
    ).filter(pl.col("step") > _HOLE)
    return [
        _warning(
            observations,
            "hole",
            f"no series has a value between {period_label(before, frequency)} and "
            f"{period_label(after, frequency)} ({step - 1} periods); check the dates",
        )
        for after, step, before in steps.iter_rows()
    ]


def _partial_months(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    counts = count_by_period(partial_end(returns, observations.frequency))
    return [
        _warning(
            observations,
            "partial_month",
            f"{period_label(period, observations.frequency)}: {rows} series stop by {day}, before "
            "the month's end, so their last return is a part of a month (--clean drops it)",
        )
        for period, rows, day in counts.iter_rows()
    ]


def _warning(observations: Observations, rule: str, message: str, series: str = "") -> Finding:
    return Finding(observations.file, None, "", series, rule, message, "warning")
