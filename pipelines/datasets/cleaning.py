"""Repair what can be repaired safely, and write down every repair.

Safe means that the true value is known (percent, face value, order), or that
the value is certainly not one and can be left missing (infinities, wrong
prints). All else stays for a person: differing duplicates, losses beyond
-100 %, text among numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from pipelines.atomic import write_text
from pipelines.datasets.findings import Action
from pipelines.datasets.jumps import with_jumps
from pipelines.datasets.partial_end import count_by_period, partial_end
from pipelines.datasets.percent import is_percent, is_wholly_percent
from pipelines.datasets.periods import Frequency, period_label
from pipelines.datasets.reading import Observations
from pipelines.datasets.validation import MISSING_MARKS

_DROPPED = ("bad_print", "level_break")


def clean_rows(observations: Observations) -> tuple[Observations, list[Action]]:
    """Repair rows: missing marks and infinities, percent to decimal, repeats, order."""
    actions: list[Action] = []
    steps = (_drop_marks, _percent_to_decimal, _drop_infinite, _drop_repeats, _sort)
    for step in steps:
        observations, done = step(observations)
        actions.extend(done)
    return observations, actions


def clean_returns(
    observations: Observations, returns: pl.DataFrame
) -> tuple[pl.DataFrame, list[Action]]:
    """Repair returns: face-value changes rescaled, wrong prints and a partial end dropped."""
    returns, ends = _drop_partial_end(returns, observations.frequency)
    jumps = with_jumps(returns)
    rescale = jumps.filter(pl.col("jump") == "face_value")
    drop = jumps.filter(pl.col("jump").is_in(_DROPPED))
    actions = [
        *ends,
        *_actions(rescale, "face_value", "power of ten taken out", observations.frequency),
        *_actions(drop, "wrong_print", "no market move; left missing", observations.frequency),
    ]
    repaired = pl.when(pl.col("jump") == "face_value").then("rescaled").otherwise("value")
    kept = jumps.filter(~pl.col("jump").is_in(_DROPPED).fill_null(False))
    return kept.with_columns(repaired.alias("value")).drop("jump", "rescaled"), actions


def write_actions(actions: Sequence[Action], path: str | Path) -> None:
    """Write the repairs as JSON: a list of objects with the fields of `Action`."""
    text = json.dumps([asdict(a) for a in actions], indent=1, allow_nan=False, ensure_ascii=False)
    write_text(Path(path), text + "\n")


def _percent_to_decimal(observations: Observations) -> tuple[Observations, list[Action]]:
    if not is_wholly_percent(observations):
        return observations, []
    columns = ["value"]
    if is_percent(observations.frame["benchmark"].drop_nulls(), observations.frequency):
        columns.append("benchmark")
    frame = observations.frame.with_columns(pl.col(columns) / 100.0)
    message = f"{frame.height} returns in percent divided by 100"
    return observations.with_frame(frame), [Action("percent", "", "", None, None, None, message)]


def _drop_marks(observations: Observations) -> tuple[Observations, list[Action]]:
    """Before percents are divided: -99.99 % would be a return that a fund can have."""
    frame = observations.frame
    bad = frame.filter(pl.col("value").is_in(list(MISSING_MARKS)))
    message = "a mark for a missing value; left missing"
    done = _actions(bad, "missing_mark", message, observations.frequency)
    return observations.with_frame(frame.join(bad, on="cell", how="anti")), done


def _drop_infinite(observations: Observations) -> tuple[Observations, list[Action]]:
    frame = observations.frame
    bad = frame.filter(pl.col("value").is_infinite())
    message = "not finite; left missing"
    done = _actions(bad.with_columns(value=None), "not_finite", message, observations.frequency)
    return observations.with_frame(frame.join(bad, on="cell", how="anti")), done


def _drop_repeats(observations: Observations) -> tuple[Observations, list[Action]]:
    frame = observations.frame
    key = ["series", "period" if observations.kind == "returns" else "day", "value", "text"]
    repeats = frame.filter(~pl.struct(key).is_first_distinct() & pl.col("period").is_not_null())
    done = _actions(repeats, "duplicate", "repeat of an earlier row", observations.frequency)
    kept = [Action(a.rule, a.series, a.period, a.row, a.before, a.before, a.message) for a in done]
    return observations.with_frame(frame.join(repeats, on="cell", how="anti")), kept


def _sort(observations: Observations) -> tuple[Observations, list[Action]]:
    frame = observations.frame
    back = frame.select((pl.col("period") < pl.col("period").shift(1).over("series")).sum()).item()
    if not back:
        return observations, []
    message = f"{back} rows came before an earlier date; sorted by series and date"
    ordered = frame.sort("series", "period", "day", maintain_order=True)
    return observations.with_frame(ordered), [Action("unsorted", "", "", None, None, None, message)]


def _drop_partial_end(
    returns: pl.DataFrame, frequency: Frequency
) -> tuple[pl.DataFrame, list[Action]]:
    partial = partial_end(returns, frequency)
    actions = [
        Action(
            "partial_month",
            "",
            period_label(period, frequency),
            None,
            None,
            None,
            f"{rows} series stop by {day}, before the month's end; their last return dropped",
        )
        for period, rows, day in count_by_period(partial).iter_rows()
    ]
    return returns.join(partial, on="cell", how="anti"), actions


def _actions(rows: pl.DataFrame, rule: str, message: str, frequency: Frequency) -> list[Action]:
    after = "rescaled" if rule == "face_value" else None
    return [
        Action(
            rule,
            row["series"] or "",
            "" if row["period"] is None else period_label(row["period"], frequency),
            row["row"],
            row["value"],
            row[after] if after else None,
            message,
        )
        for row in rows.iter_rows(named=True)
    ]
