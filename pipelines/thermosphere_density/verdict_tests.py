"""Is one density model better than another? Paired tests on daily means of the losses.

A day's loss is its mean over hours and cells. Days of one window start from the same state
and are alike, so the variance allows for as many neighbours as a window has days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from models.contract import FloatArray
from pipelines.evaluation.mean_test import fixed_smoothing_test, zero_mean_test
from pipelines.thermosphere_density.results_rows import ALL, HOURS_A_DAY, Row
from pipelines.thermosphere_density.scoring import CLASSES

#: Loss -> the sum of the table of hours, and how many cells it is over.
LOSSES: dict[str, tuple[str, str]] = {
    "mape": ("ape", "cells"),
    "nlpd": ("nlpd", "scored"),
    "crps": ("crps", "scored"),
}
#: What is tested: segment and loss, in the order of the report.
TESTED = (
    (ALL, "mape"),
    (CLASSES[-1], "mape"),
    (ALL, "nlpd"),
    (ALL, "crps"),
    (CLASSES[-1], "nlpd"),
    (CLASSES[-1], "crps"),
)
SIGNIFICANT = 0.05


def paired_tests(hours: pl.DataFrame, model: str, rivals: Sequence[str]) -> list[Row]:
    """`model` against each rival: mean difference of daily losses, and two tests of it.

    The first is Diebold and Mariano's with Harvey, Leybourne and Newbold's correction, the
    second keeps its level better where few days are independent. A negative difference says
    that `model` has the smaller loss; `p_value` is one-sided, small where that is sure.
    """
    daily = {name: daily_losses(hours, name) for name in (model, *rivals)}
    neighbours = -(-int(str(hours["lead"].max())) // HOURS_A_DAY) - 1
    return [
        _row(model, rival, segment, loss, daily, neighbours)
        for rival in rivals
        for segment, loss in TESTED
    ]


def daily_losses(hours: pl.DataFrame, model: str) -> dict[str, pl.DataFrame]:
    """Segment -> a row per day with some of its hours in the segment, and a column per loss."""
    own = hours.filter(pl.col("model") == model)
    columns = [
        (pl.col(total).sum() / pl.col(count).sum()).alias(loss)
        for loss, (total, count) in LOSSES.items()
    ]
    parts = {ALL: own, CLASSES[-1]: own.filter(pl.col("kp_class") == CLASSES[-1])}
    return {
        name: part.group_by(pl.col("hour").dt.date().alias("day")).agg(columns).sort("day")
        for name, part in parts.items()
    }


def sure(row: Row) -> bool:
    """Whether both tests find the model better at the 5 % level."""
    p_values = row["p_value"], row["p_value_fixed_smoothing"]
    return all(p is not None and p < SIGNIFICANT for p in p_values)


def sure_of_rival(row: Row) -> bool:
    """Whether both tests find the rival better at the 5 % level."""
    p_values = row["p_value"], row["p_value_fixed_smoothing"]
    return all(p is not None and p > 1 - SIGNIFICANT for p in p_values)


def _row(
    model: str,
    rival: str,
    segment: str,
    loss: str,
    daily: dict[str, dict[str, pl.DataFrame]],
    neighbours: int,
) -> Row:
    difference = _difference(daily[model][segment], daily[rival][segment], loss)
    test: dict[str, Any] = asdict(zero_mean_test(difference, neighbours))
    second = fixed_smoothing_test(difference, neighbours)
    return {
        "model_a": model,
        "model_b": rival,
        "segment": segment,
        "loss": loss,
        "days": len(difference),
        "mean_difference": float(difference.mean()) if len(difference) else None,
        "statistic": test["statistic"],
        "p_value": test["p_less"],
        "method": test["method"],
        "p_value_fixed_smoothing": second.p_less,
    }


def _difference(one: pl.DataFrame, other: pl.DataFrame, loss: str) -> FloatArray:
    both = one.select("day", loss).join(other.select("day", loss), on="day", maintain_order="left")
    return (both[loss] - both[f"{loss}_right"]).to_numpy()
