"""Scores of every model at every target and horizon, all on the same forecasts.

`score_rows` gives plain rows for JSON. `score_groups` also keeps the values by date,
which tests of significance and plots need, so that a large table is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.contract import FloatArray, IntArray
from models.errors import DataError
from pipelines.evaluation.cross_section import Deciles, deciles, rank_correlation
from pipelines.evaluation.mean_test import overlap, zero_mean_test
from pipelines.evaluation.measures import COVERAGES, coverage, crps, pit_counts, smape
from pipelines.evaluation.schema import ForecastGroup, groups, in_scope

#: Losses that models are compared by: name, and what it says to a reader.
LOSSES = {"squared_error": "squared error", "crps": "CRPS"}

_LEAD = ["target", "horizon"]
_CASE = [*_LEAD, "origin_index", "series"]


@dataclass(frozen=True)
class GroupScores:
    """What one model did at one target and horizon.

    row           scores by name, JSON-able, null where one cannot be had
    origins       labels of the dates, ascending; `origin_index` their places in time
    losses        loss -> date: mean over series
    rank_ic       date, NaN where a date has no order
    deciles       by date
    pit           counts between neighbouring quantiles
    """

    model: str
    target: str
    horizon: int
    row: dict[str, Any]
    origins: tuple[str, ...]
    origin_index: IntArray
    losses: dict[str, FloatArray]
    rank_ic: FloatArray
    deciles: Deciles
    pit: IntArray


def score_rows(table: pl.DataFrame, sample: bool) -> list[dict[str, Any]]:
    """Return the scores of a scope, one row per model, target and horizon.

    Errors are means over forecasts; rank_ic, decile_spread and turnover are means over
    dates. Point errors (rmse, mae) and crps are in target units, smape in percent, mase
    in units of the naive forecast's error, coverage_* and turnover are shares. *_t is
    the mean over dates in standard errors that allow for overlapping outcomes.
    """
    return [found.row for found in score_groups(table, sample)]


def score_groups(table: pl.DataFrame, sample: bool) -> list[GroupScores]:
    """Score a scope; forecasts that some model of the scope did not make are left out."""
    rows = common_rows(in_scope(table, sample))
    return [_score(group) for group in groups(rows, sample)]


def common_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows for whose target, horizon, series and origin every model is there.

    A model that skips hard cases would look better than it is, and a difference of
    losses needs both. Raises DataError when a model forecasts a case twice.
    """
    count = rows.select(
        pl.len().over(_CASE).alias("found"), pl.col("model").n_unique().over(_LEAD).alias("wanted")
    )
    if (count["found"] > count["wanted"]).any():
        row = rows.row(int((count["found"] > count["wanted"]).arg_max() or 0), named=True)
        raise DataError(
            f"forecast table: expected one row per model, but {row['target']} {row['horizon']}, "
            f"series {row['series']!r}, origin {row['origin']} has a model twice; remove one"
        )
    kept = count["found"] == count["wanted"]
    return rows if kept.all() else rows.filter(kept)


def _score(group: ForecastGroup) -> GroupScores:
    error = group.y - group.mean
    by_case = {"squared_error": error**2, "crps": crps(group.y, group.quantiles)}
    rank_ic, portfolios = rank_correlation(group), deciles(group)
    lags = overlap(group.horizon, group.origin_index)
    row: dict[str, Any] = {
        "model": group.model,
        "target": group.target,
        "horizon": group.horizon,
        "n_origins": len(group.origins),
        "n_forecasts": len(group),
        "rmse": float(np.sqrt(by_case["squared_error"].mean())),
        "mae": float(np.abs(error).mean()),
        "mase": float((np.abs(error) / group.mase_scale).mean()),
        "smape": smape(group.y, group.mean),
        "crps": float(by_case["crps"].mean()),
        **{
            f"coverage_{c:.0%}".rstrip("%"): coverage(group.y, group.quantiles, c)
            for c in COVERAGES
        },
        **_mean_and_t("rank_ic", rank_ic, lags),
        **_mean_and_t("decile_spread", portfolios.spread, lags),
        "turnover": _mean(portfolios.turnover),
    }
    return GroupScores(
        model=group.model,
        target=group.target,
        horizon=group.horizon,
        row=row,
        origins=group.origins,
        origin_index=group.origin_index,
        losses={name: group.mean_by_origin(values) for name, values in by_case.items()},
        rank_ic=rank_ic,
        deciles=portfolios,
        pit=pit_counts(group.y, group.quantiles),
    )


def _mean_and_t(name: str, by_date: FloatArray, lags: int) -> dict[str, float | None]:
    there = by_date[np.isfinite(by_date)]
    return {name: _mean(by_date), f"{name}_t": zero_mean_test(there, lags).statistic}


def _mean(values: FloatArray) -> float | None:
    there = values[np.isfinite(values)]
    return float(there.mean()) if there.size else None
