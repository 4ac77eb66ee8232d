"""Forecasts of champion and challenger at the same origins, and their losses by date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from models.contract import Forecast
from models.fund_sharpe import FundSharpeForecaster, FundSharpeModel
from models.transforms.fund_reference import Lead
from models.transforms.fund_windows import FundFeatures
from pipelines.datasets.panel import ReturnsPanel
from pipelines.evaluation.lead_losses import LeadLosses, lead_losses
from pipelines.evaluation.schema import forecast_rows
from pipelines.evaluation.scores import GroupScores, score_groups
from pipelines.retraining.domain import CHALLENGER, CHAMPION, LossSeries, UnfitError

#: The challenger without its networks: what they are worth stands beside the model's scores.
REFERENCE = "structural"


def forecasts_at(
    origin: int,
    sides: Mapping[str, FundSharpeForecaster],
    panel: ReturnsPanel,
    features: FundFeatures,
    leads: Sequence[Lead],
) -> pl.DataFrame:
    """Forecasts of every side at one origin, for funds that all can forecast.

    features   of the whole panel: outcomes are taken from them, and nothing else
    leads      those that all sides have

    What is given to a model ends at the origin.
    """
    histories = [side.model.config.min_history for side in sides.values()]
    series, _ = features.rows(np.array([origin]), max(histories))
    known = panel.until(origin + 1)
    parts = []
    for name, forecaster in sides.items():
        ahead = origin - place_of(forecaster.trained_until, panel)
        found = forecaster.forecast_some(known.excess[series], ahead)
        if not np.isfinite(found.forecast.quantiles).all():
            raise UnfitError(f"the {name} forecasts no numbers at {panel.periods[origin]}")
        kept = series[found.rows]
        parts += [
            _lead_rows(name, lead, found.forecast, forecaster, panel, features, kept, origin)
            for lead in leads
        ]
    return pl.concat(parts)


def place_of(label: str, panel: ReturnsPanel) -> int:
    """Index of the newest period up to a label; -1 where all are later."""
    return sum(period <= label for period in panel.periods) - 1


def without_networks(forecaster: FundSharpeForecaster) -> FundSharpeForecaster:
    """The structural reference of a fitted model, as a forecaster of its own."""
    model = FundSharpeModel(replace(forecaster.model.config, shrinkage=0.0))
    model.restore(forecaster.model.fitted)
    return FundSharpeForecaster(model, forecaster.trained_until)


def _lead_rows(
    name: str,
    lead: Lead,
    forecast: Forecast,
    forecaster: FundSharpeForecaster,
    panel: ReturnsPanel,
    features: FundFeatures,
    series: np.ndarray[Any, Any],
    origin: int,
) -> pl.DataFrame:
    column = forecaster.leads.index(lead.name)
    place = [one.name for one in features.leads].index(lead.name)
    return forecast_rows(
        model=name,
        target=lead.target,
        horizon=lead.horizon,
        series=[panel.ids[i] for i in series],
        origin=panel.periods[origin],
        origin_index=origin,
        y=features.outcome[series, origin, place],
        mean=forecast.mean[:, column],
        quantiles=forecast.quantiles[:, column],
        mase_scale=np.ones(len(series)),
        sample=np.zeros(len(series), dtype=bool),
    )


def losses_and_scores(
    table: pl.DataFrame, loss: str
) -> tuple[tuple[LossSeries, ...], dict[str, dict[str, dict[str, float]]]]:
    """Losses of both by date for each lead, and scores by side and lead."""
    found = score_groups(table, sample=False)
    labels = {(g.target, g.horizon): g.origins for g in found}
    series = tuple(_series(one, labels, loss) for one in lead_losses(found))
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for group in found:
        side = scores.setdefault(group.model, {})
        side[f"{group.target}_{group.horizon}"] = _kept(group)
    return series, scores


def _series(
    one: LeadLosses, labels: Mapping[tuple[str, int], tuple[str, ...]], loss: str
) -> LossSeries:
    return LossSeries(
        f"{one.target}_{one.horizon}",
        labels[one.target, one.horizon],
        one.lags,
        one.of(loss, CHAMPION if CHAMPION in one.models else CHALLENGER),
        one.of(loss, CHALLENGER),
    )


def _kept(group: GroupScores) -> dict[str, float]:
    names = ("rmse", "crps", "coverage_90")
    return {**{name: float(group.row[name]) for name in names}, "dates": len(group.origins)}
