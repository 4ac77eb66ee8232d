"""The table that `halyard forecast` writes: one row per fund, target and horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.contract import FloatArray, Forecast
from models.fund_sharpe import FundSharpeForecaster
from models.transforms.sharpe_inference import annualise, moment_error, sharpe_moments
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe import cautions
from pipelines.months import month_index, month_label

#: Coverage of the central intervals, in percent.
COVERAGES = (50, 80, 90, 95)

FORECAST_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "origin": pl.String,
    "target": pl.String,
    "horizon": pl.Int64,
    "month": pl.String,
    "mean": pl.Float64,
    "median": pl.Float64,
    **{f"{end}_{c}": pl.Float64 for c in COVERAGES for end in ("lower", "upper")},
    "months": pl.Int64,
    "sharpe_now": pl.Float64,
    "sharpe_now_se": pl.Float64,
    "warnings": pl.String,
}
REJECT_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "last_month": pl.String,
    "months": pl.Int64,
    "reason": pl.String,
}


@dataclass(frozen=True)
class FundForecast:
    """One fund's forecast at time index `last` of its panel; lead, and lead × level."""

    id: str
    series: int
    last: int
    forecast: Forecast
    warnings: tuple[str, ...]


def empty_table() -> pl.DataFrame:
    """The table without rows."""
    return pl.DataFrame(schema=FORECAST_SCHEMA)


def forecast_table(
    funds: Sequence[FundForecast], forecaster: FundSharpeForecaster, panel: ReturnsPanel
) -> pl.DataFrame:
    """All columns of FORECAST_SCHEMA.

    forecaster    the stored one, which knows when its training ended

    origin        newest month with a return
    month         last month of what is forecast
    lower_, upper_ ends of the central intervals
    months        months with a return
    sharpe_now    annualised Sharpe ratio of the newest window, null where months are missing
    sharpe_now_se its standard error, for skewed returns with fat tails (Mertens 2002)
    warnings      separated by "; "
    """
    excess = panel.excess
    rows: list[tuple[Any, ...]] = []
    for fund in funds:
        own = excess[fund.series, : fund.last + 1]
        now = sharpe_now(own, forecaster.window, forecaster.periods_per_year)
        months = int(np.isfinite(own).sum())
        told = "; ".join(_warnings(fund, own, panel, forecaster))
        for lead in _lead_rows(fund.forecast, forecaster, month_index(panel.periods[fund.last])):
            rows.append((fund.id, panel.periods[fund.last], *lead, months, *now, told))
    return pl.DataFrame(rows, schema=FORECAST_SCHEMA, orient="row")


def sharpe_now(
    excess: FloatArray, window: int, periods_per_year: int
) -> tuple[float | None, float | None]:
    """Annualised Sharpe ratio of the newest window and its standard error; None if unknown."""
    newest = excess[-window:]
    if len(newest) < window or not np.isfinite(newest).all():
        return None, None
    moments = sharpe_moments(newest)
    ratio = float(annualise(moments.ratio, periods_per_year))
    error = float(annualise(moment_error(moments), periods_per_year))
    return (ratio if np.isfinite(ratio) else None), (error if np.isfinite(error) else None)


def _lead_rows(
    forecast: Forecast, forecaster: FundSharpeForecaster, last: int
) -> Iterator[tuple[Any, ...]]:
    bands = [forecast.interval(coverage / 100) for coverage in COVERAGES]
    median = forecast.median
    names = [(target, h) for target in forecaster.targets for h in forecaster.horizons]
    for target, horizon in names:
        column = forecaster.leads.index(f"{target}_{horizon}")
        ends = [float(end[column]) for band in bands for end in band]
        point = float(forecast.mean[column]), float(median[column])
        yield (target, horizon, month_label(last + horizon), *point, *ends)


def _warnings(
    fund: FundForecast, own: FloatArray, panel: ReturnsPanel, forecaster: FundSharpeForecaster
) -> list[str]:
    seen = np.isfinite(own)
    months, alive = int(seen.sum()), len(own) - int(np.argmax(seen))
    last = panel.periods[fund.last]
    return [
        *cautions.ended_early(last, panel.periods[-1]),
        *cautions.short_history(months, forecaster.min_history),
        *cautions.gaps(alive - months, alive),
        *cautions.in_sample(last, forecaster.trained_until),
        *fund.warnings,
    ]
