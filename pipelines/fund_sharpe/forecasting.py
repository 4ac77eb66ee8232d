"""Forecast every fund of a panel at its own newest month, with a stored model.

A fund that cannot be forecast becomes a reject with its reason, never a missing row.
Where the file is a market of its own and goes past the model's training, the
market-wide series are taken from the file; else they are those of training, held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.contract import FloatArray, Forecast, IntArray
from models.errors import ConfigError, SeriesError
from models.fund_sharpe import FundSharpeForecaster, FundSharpeModel
from models.transforms.fund_state import MIN_FUNDS, MIN_HISTORY
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.forecast_table import (
    REJECT_SCHEMA,
    FundForecast,
    empty_table,
    forecast_table,
)
from pipelines.months import month_index

#: Where the market-wide series come from.
FROM_FILE, FROM_TRAINING = "file", "training"


@dataclass(frozen=True)
class PanelForecast:
    """Forecasts and rejects of a panel.

    forecasts  one row per fund, target and horizon (see `forecast_table`)
    rejects    one row per fund without a forecast: id, last month, months, reason
    market     FROM_FILE or FROM_TRAINING
    """

    forecasts: pl.DataFrame
    rejects: pl.DataFrame
    market: str

    @property
    def funds(self) -> int:
        """How many funds have a forecast."""
        return self.forecasts["id"].n_unique()


def forecast_panel(forecaster: FundSharpeForecaster, panel: ReturnsPanel) -> PanelForecast:
    """Forecast each fund at its newest month with a return, for all leads of the model.

    Raises ConfigError when panel or model are not monthly.
    """
    _check_monthly(forecaster, panel)
    source, informed = with_market_of(forecaster, panel)
    excess = panel.excess
    rejects: dict[int, str] = {}
    answered: list[FundForecast] = []
    for last, series in _by_last_time(excess):
        ready = _long_enough(excess, series, forecaster.min_history, rejects)
        period = panel.periods[last]
        for rows, forecast, warnings in _forecasts(
            informed, excess[:, : last + 1], ready, period, rejects
        ):
            answered += [
                FundForecast(panel.ids[s], int(s), last, _row(forecast, row), tuple(warnings[row]))
                for row, s in enumerate(rows)
            ]
    answered.sort(key=lambda fund: fund.series)
    table = forecast_table(answered, forecaster, panel) if answered else empty_table()
    return PanelForecast(table, _reject_table(panel, excess, rejects), source)


def with_market_of(
    forecaster: FundSharpeForecaster, panel: ReturnsPanel
) -> tuple[str, FundSharpeForecaster]:
    """The forecaster with the panel's own market, where the panel can tell it.

    It can with enough funds of enough history, and has to past the model's training,
    where the stored market only repeats its last values.
    """
    later = month_index(panel.periods[-1]) > month_index(forecaster.trained_until)
    long_enough = np.isfinite(panel.returns).sum(axis=1) >= MIN_HISTORY
    if not later or long_enough.sum() < MIN_FUNDS:
        return FROM_TRAINING, forecaster
    model = forecaster.model
    features = model.features(panel.excess, panel.risk_free)
    informed = FundSharpeModel(model.config)
    informed.restore(replace(model.fitted, market=features.state.market, ratios=features.ratios))
    return FROM_FILE, FundSharpeForecaster(informed, panel.periods[-1])


def _check_monthly(forecaster: FundSharpeForecaster, panel: ReturnsPanel) -> None:
    for name, found in (
        ("the data have", panel.periods_per_year),
        ("the model has", forecaster.periods_per_year),
    ):
        if found != 12:
            raise ConfigError(
                f"expected 12 periods a year, {name} {found}; forecasts of files are made "
                "from monthly returns, so give monthly data and a monthly model"
            )


def _by_last_time(excess: FloatArray) -> Iterator[tuple[int, IntArray]]:
    """Funds by the time of their newest return, newest first; those without any come last."""
    seen = np.isfinite(excess)
    times = excess.shape[1]
    last = np.where(seen.any(axis=1), times - 1 - np.argmax(seen[:, ::-1], axis=1), 0)
    for time in np.unique(last)[::-1]:
        yield int(time), np.flatnonzero(last == time)


def _long_enough(
    excess: FloatArray, series: IntArray, minimum: int, rejects: dict[int, str]
) -> IntArray:
    months = np.isfinite(excess[series]).sum(axis=1)
    for fund, count in zip(series, months, strict=True):
        if count < minimum:
            rejects[int(fund)] = f"expected at least {minimum} months with a return, got {count}"
    kept: IntArray = series[months >= minimum]
    return kept


def _forecasts(
    forecaster: FundSharpeForecaster,
    excess: FloatArray,
    series: IntArray,
    period: str,
    rejects: dict[int, str],
) -> Iterator[tuple[IntArray, Forecast, tuple[tuple[str, ...], ...]]]:
    """Forecast funds together, without those that the model refuses."""
    if not len(series):
        return
    try:
        served = forecaster.forecast(_from_first(excess[series]), period)
    except SeriesError as error:
        rejects |= {int(series[row]): reason for row, reason in error.reasons.items()}
        left = np.delete(series, list(error.reasons))
        yield from _forecasts(forecaster, excess, left, period, rejects)
        return
    finite = np.isfinite(served.forecast.quantiles).all(axis=(1, 2))
    finite &= np.isfinite(served.forecast.mean).all(axis=1)
    for fund in series[~finite]:
        rejects[int(fund)] = "the model's forecast is not finite; look at the fund's returns"
    kept = Forecast(
        served.forecast.mean[finite], served.forecast.quantiles[finite], served.forecast.levels
    )
    yield series[finite], kept, tuple(np.array(served.warnings, object)[finite])


def _from_first(excess: FloatArray) -> FloatArray:
    """Without the times before any of the funds began."""
    return excess[:, int(np.argmax(np.isfinite(excess).any(axis=0))) :]


def _row(forecast: Forecast, row: int) -> Forecast:
    return Forecast(forecast.mean[row], forecast.quantiles[row], forecast.levels)


def _reject_table(
    panel: ReturnsPanel, excess: FloatArray, rejects: Mapping[int, str]
) -> pl.DataFrame:
    rows = []
    for fund, reason in sorted(rejects.items()):
        seen = np.flatnonzero(np.isfinite(excess[fund]))
        last = panel.periods[seen[-1]] if len(seen) else None
        rows.append((panel.ids[fund], last, len(seen), reason))
    return pl.DataFrame(rows, schema=REJECT_SCHEMA, orient="row")
