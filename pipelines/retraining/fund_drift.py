"""Has anything drifted since the champion was trained: returns, its forecasts, what became of
them? One report, whose tests share the chance of a false alarm."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from models.contract import FloatArray
from models.fund_sharpe import FundSharpeForecaster
from pipelines.datasets.panel import ReturnsPanel
from pipelines.evaluation.mean_test import overlap
from pipelines.monitoring.drift import forecast_drift, fund_drift, outcome_drift
from pipelines.monitoring.report import DriftReport
from pipelines.monitoring.settings import DriftSettings
from pipelines.retraining.domain import CHALLENGER
from pipelines.retraining.drift_parts import MADE, TOLD, Parts, joined
from pipelines.retraining.folder import Result
from pipelines.retraining.fund_compare import forecasts_at, place_of

#: Spans of the newest months' length whose forecasts are looked at.
SPANS = 10


def drift_of(
    panel: ReturnsPanel,
    recent: int,
    champion: FundSharpeForecaster | None = None,
    told: pl.DataFrame | None = None,
) -> Result:
    """Report on the newest periods against those before, as JSON.

    champion   whose forecasts and outcomes are looked at too, on this panel
    told       outcomes of forecasts that it made in use (see OutcomeStore.errors)
    """
    parts: Parts = {"returns": lambda how: fund_drift(panel, recent, how)}
    if champion is not None:
        one = champion
        parts["forecasts"] = lambda how: forecast_drift(forecasts(panel, one, recent), recent, how)
        lags = overlap(max(one.model.config.horizons), np.arange(2))
        for name, known in ((MADE, outcomes(panel, one)), (TOLD, told)):
            if known is not None and known.height:
                parts[name] = partial(_outcomes, known, recent, lags, name)
    return joined(parts)


def _outcomes(
    known: pl.DataFrame, recent: int, lags: int, name: str, how: DriftSettings
) -> DriftReport:
    return outcome_drift(known, recent, how, lags, name)


def forecasts(panel: ReturnsPanel, champion: FundSharpeForecaster, recent: int) -> pl.DataFrame:
    """The champion's forecasts of its shortest lead at the newest origins: origin, mean,
    lower_90, upper_90. Each is made from what was known at its origin."""
    model = champion.model
    features = model.features(panel.excess, panel.risk_free)
    newest = len(panel.periods)
    oldest = max(newest - SPANS * recent, model.config.min_history)
    series, origin = features.rows(np.arange(oldest, newest), model.config.min_history)
    found = model.predict(features, series, origin, levels=(0.05, 0.95))
    lower, upper = found.quantiles[:, 0, 0], found.quantiles[:, 0, 1]
    return pl.DataFrame(
        {
            "origin": [panel.periods[at] for at in origin],
            "mean": _plain(found.mean[:, 0]),
            "lower_90": _plain(lower),
            "upper_90": _plain(upper),
        }
    )


def outcomes(panel: ReturnsPanel, champion: FundSharpeForecaster) -> pl.DataFrame:
    """What became of the champion's forecasts since its training: period, error, inside."""
    config = champion.model.config
    features = champion.model.features(panel.excess, panel.risk_free)
    first = place_of(champion.trained_until, panel)
    origins = range(first, len(panel.periods) - min(config.horizons))
    sides = {CHALLENGER: champion}
    tables = [forecasts_at(o, sides, panel, features, config.leads) for o in origins]
    schema = {"period": pl.String, "error": pl.Float64, "inside": pl.Boolean}
    if not tables:
        return pl.DataFrame(schema=schema)
    table = pl.concat(tables)
    if table.is_empty():
        return pl.DataFrame(schema=schema)
    return table.select(
        pl.col("origin").alias("period"),
        (pl.col("mean") - pl.col("y")).alias("error"),
        pl.col("y")
        .is_between(pl.col("quantiles").arr.get(1), pl.col("quantiles").arr.get(37))
        .alias("inside"),
    )


def _plain(values: FloatArray) -> FloatArray:
    return np.asarray(values, dtype=np.float64)
