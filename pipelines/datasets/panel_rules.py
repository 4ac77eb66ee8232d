"""The rules about a whole series or file: order, frequency, jumps, constancy."""

from __future__ import annotations

import polars as pl

from pipelines.datasets.findings import Finding
from pipelines.datasets.jumps import with_jumps
from pipelines.datasets.periods import guess_step, period_label
from pipelines.datasets.reading import Observations, finding
from pipelines.datasets.tables import median

_CONSTANT_ROWS = 6
_CONSTANT_SPREAD = 1e-12
_FEWEST_PERIODS = 3
_JUMP_MESSAGES = {
    "face_value": (
        "the value changes by {gross:.4g} times: a change of face value, not a return "
        "(--clean takes the power of ten out)"
    ),
    "bad_print": (
        "the value changes by {gross:.4g} times and back: a wrong value "
        "(--clean drops both returns)"
    ),
    "level_break": (
        "the value changes by {gross:.4g} times, which no market move explains "
        "(--clean drops the return)"
    ),
    "extreme": "return of {percent:.0f} %; left as it is, check that it is real",
}


def check_order(observations: Observations) -> list[Finding]:
    """Warn of each series whose dates do not ascend, at its first row that steps back."""
    frame = observations.frame.filter(pl.col("period").is_not_null())
    back = frame.filter(pl.col("period") < pl.col("period").shift(1).over("series"))
    first = back.unique("series", keep="first", maintain_order=True)
    if observations.roles.layout == "wide":
        first = first.head(1)
    return [
        finding(
            observations,
            "unsorted",
            f"{text} comes after a later date; rows are sorted on reading",
            row=row,
            series="" if observations.roles.layout == "wide" else series,
            column=observations.date_column,
            severity="warning",
        )
        for row, series, text in first.select("row", "series", "date_text").iter_rows()
    ]


def check_frequency(observations: Observations) -> list[Finding]:
    """Report dates whose usual step is not that of the stated frequency."""
    stated = observations.frequency
    step = pl.col("day" if observations.kind == "returns" else "period")
    days = observations.frame.filter(pl.col("period").is_not_null()).select(
        "series", step.alias("date")
    )
    gaps = (
        days.unique()
        .sort("series", "date")
        .select(pl.col("date").diff().over("series").dt.total_days())
    )
    middle = median(gaps.to_series())
    found = None if middle is None else guess_step(middle)
    if found is None or found == stated or gaps.height < 2 * _FEWEST_PERIODS:
        return []
    message = (
        f"dates are {middle:g} day(s) apart, but the stated frequency is {stated}; "
        f"say --frequency {found}"
    )
    return [finding(observations, "frequency", message, column=observations.date_column)]


def check_returns(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    """Report jumps, constant series and files too short to use.

    `returns` is what `to_returns` makes of the observations' good rows.
    """
    if returns["period"].n_unique() < _FEWEST_PERIODS:
        message = (
            f"too few rows: returns in {returns['period'].n_unique()} period(s), "
            f"expected at least {_FEWEST_PERIODS}"
        )
        return [finding(observations, "too_short", message)]
    return [*_jumps(observations, returns), *_constants(observations, returns)]


def _jumps(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    jumps = with_jumps(returns).filter(pl.col("jump").is_not_null()).sort("row")
    findings = []
    for fault in jumps.iter_rows(named=True):
        values = {"gross": 1.0 + fault["value"], "percent": 100.0 * fault["value"]}
        extreme = fault["jump"] == "extreme"
        label = period_label(fault["period"], observations.frequency)
        findings.append(
            finding(
                observations,
                fault["jump"],
                f"{label}: {_JUMP_MESSAGES[fault['jump']].format(**values)}",
                row=fault["row"],
                series=fault["series"],
                column=fault["column"],
                severity="warning" if extreme else "error",
            )
        )
    return findings


def _constants(observations: Observations, returns: pl.DataFrame) -> list[Finding]:
    spread = pl.col("value").max() - pl.col("value").min()
    constant = (
        returns.group_by("series", maintain_order=True)
        .agg(spread.alias("spread"), pl.len().alias("rows"), pl.col("value", "column").first())
        .filter((pl.col("spread") < _CONSTANT_SPREAD) & (pl.col("rows") >= _CONSTANT_ROWS))
    )
    return [
        finding(
            observations,
            "constant",
            f"the return is {value:g} in all {rows} periods; its Sharpe ratio is missing",
            series=series,
            column=column,
            severity="warning",
        )
        for series, _spread, rows, value, column in constant.iter_rows()
    ]
