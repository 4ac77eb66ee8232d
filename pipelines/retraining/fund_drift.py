"""Has anything drifted since the champion was trained: returns, its forecasts, what became of
them? One report, whose parts share the chance of a false alarm."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.contract import FloatArray
from models.fund_sharpe import FundSharpeForecaster
from pipelines.datasets.panel import ReturnsPanel
from pipelines.evaluation.mean_test import overlap
from pipelines.monitoring.drift import forecast_drift, fund_drift, outcome_drift
from pipelines.retraining.domain import CHALLENGER
from pipelines.retraining.drift_parts import Parts, joined
from pipelines.retraining.folder import Result
from pipelines.retraining.fund_compare import forecasts_at, place_of

#: Spans of the newest months' length whose forecasts are looked at.
SPANS = 10


def drift_of(
    panel: ReturnsPanel,
    recent: int,
    champion: FundSharpeForecaster | None = None,
    served: pl.DataFrame | None = None,
) -> Result:
    """Report on the newest periods against those before, as JSON.

    champion   whose forecasts and outcomes are looked at too, on this panel
    served     outcomes of forecasts that it made in use (see OutcomeStore.errors), instead of
               those that it would have made on this panel
    """
    parts: Parts = {"returns": lambda how: fund_drift(panel, recent, how)}
    if champion is not None:
        made = champion
        parts["forecasts"] = lambda how: forecast_drift(forecasts(panel, made, recent), recent, how)
        known = outcomes(panel, made) if served is None or served.is_empty() else served
        if known.height:
            lags = overlap(max(made.model.config.horizons), np.arange(2))
            parts["outcomes"] = lambda how: outcome_drift(known, recent, how, lags)
    return joined(parts)


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
