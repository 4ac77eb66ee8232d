"""Segments of a density back-test: which hours and heights, and the scores of each.

Every row is made from the same table of sums, so segments add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipelines.thermosphere_density.scoring import CLASSES, COVERAGES, segment_row
from pipelines.thermosphere_density.storms import Storm

Row = dict[str, Any]
#: The segment of everything, and what the names of storms begin with.
ALL, STORM = "all", "storm "
HOURS_A_DAY = 24
#: Hours per point of a curve over the lead.
LEAD_STEP = 6


def segments(hours: pl.DataFrame, storms: Sequence[Storm] = ()) -> dict[str, pl.Expr]:
    """Name -> which rows of the table of hours: all, Kp classes, days of lead, bands, storms."""
    days = -(-int(str(hours["lead"].max())) // HOURS_A_DAY)
    day = (pl.col("lead") - 1) // HOURS_A_DAY + 1
    bands = hours["band"].unique(maintain_order=True).to_list()
    return {
        ALL: pl.lit(True),
        **{name: pl.col("kp_class") == name for name in CLASSES},
        **{f"day{number}": day == number for number in range(1, days + 1)},
        **{name: pl.col("band") == name for name in bands},
        **{
            f"{STORM}{storm.name}": pl.col("hour").is_between(
                pl.lit(storm.first.astype("datetime64[us]")),
                pl.lit(storm.last.astype("datetime64[us]")),
            )
            for storm in storms
        },
    }


def segment_rows(
    hours: pl.DataFrame, ranks: dict[str, int], storms: Sequence[Storm] = ()
) -> list[Row]:
    """One row of scores per model and segment that has hours, in the order of both."""
    chosen = segments(hours, storms)
    return [
        _row(model, rank, name, part)
        for model, rank in ranks.items()
        for name, which in chosen.items()
        if len(part := hours.filter((pl.col("model") == model) & which))
    ]


def _row(model: str, rank: int, segment: str, part: pl.DataFrame) -> Row:
    scores = segment_row(part)
    coverage = scores.pop("coverage")
    return {
        "model": model,
        "r": rank,
        "segment": segment,
        **{key: _plain(value) for key, value in scores.items()},
        "coverage_90": coverage["0.9"],
    }


def reliability_rows(hours: pl.DataFrame, ranks: dict[str, int]) -> list[Row]:
    """Nominal and empirical coverage of each model, over all hours and in strong storms."""
    rows = []
    for model in ranks:
        for name, which in (
            (ALL, pl.lit(True)),
            (CLASSES[-1], pl.col("kp_class") == CLASSES[-1]),
        ):
            part = hours.filter((pl.col("model") == model) & which)
            if len(part):
                empirical = list(segment_row(part)["coverage"].values())
                rows.append(
                    {
                        "model": model,
                        "segment": name,
                        "nominal": list(COVERAGES),
                        "empirical": empirical,
                    }
                )
    return rows


def lead_curve(hours: pl.DataFrame, model: str) -> pl.DataFrame:
    """MAPE by lead: `lead` (hours, the end of each span) and `mape` in per cent."""
    end = ((pl.col("lead") - 1) // LEAD_STEP + 1) * LEAD_STEP
    return _mape_by(hours.filter(pl.col("model") == model), end.alias("lead"))


def _mape_by(part: pl.DataFrame, key: pl.Expr) -> pl.DataFrame:
    sums = part.group_by(key).agg(pl.col("ape").sum(), pl.col("cells").sum())
    mape = (pl.col("ape") / pl.col("cells")).alias("mape")
    return sums.select(pl.col("lead"), mape).sort("lead")


def scores_of(rows: Sequence[Row], model: str, segment: str = ALL) -> Row | None:
    """The row of a model and segment, None when there is none."""
    for row in rows:
        if row["model"] == model and row["segment"] == segment:
            return row
    return None


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else float(value)
