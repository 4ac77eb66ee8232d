"""Forecast every fund of a panel at its own newest month, with a stored model.

A fund that cannot be forecast becomes a reject with its reason, never a missing row.
Where the file is a market of its own and goes past the model's training, the
market-wide series are taken from the file; else they are those of training, held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.contract import Forecast
from models.fund_sharpe import FundSharpeForecaster, FundSharpeModel
from models.transforms.fund_reference import horizon_ratios
from models.transforms.fund_state import MIN_FUNDS, MIN_HISTORY, fund_state
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.aligned import AlignedFunds, align_panel
from pipelines.fund_sharpe.forecast_table import (
    LEVELS,
    REJECT_SCHEMA,
    empty_table,
    forecast_table,
)
from pipelines.fund_sharpe.frequency import refuse_other_than_monthly
from pipelines.months import month_index, month_label

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
    check_monthly(forecaster, panel.periods_per_year)
    source, informed = with_market_of(forecaster, panel)
    funds = align_panel(panel)
    newest = month_index(panel.periods[-1])
    # What the caller is told of is the training, not the market that was put in.
    table, reasons = forecast_funds(informed, funds, newest, trained=forecaster)
    return PanelForecast(table, _reject_table(funds, reasons), source)


def forecast_funds(
    forecaster: FundSharpeForecaster,
    funds: AlignedFunds,
    newest: int | None,
    *,
    trained: FundSharpeForecaster | None = None,
    horizons: Sequence[int] | None = None,
) -> tuple[pl.DataFrame, dict[int, str]]:
    """Forecasts of funds, and why the others have none, by place.

    newest    newest month of the data, as `month_index`; None if it is not known
    trained   the stored forecaster, where `forecaster` has a newer market
    horizons  to show; None for all
    """
    stored = trained or forecaster
    months = funds.months
    few = np.flatnonzero(months < stored.min_history)
    reasons = {
        int(
            fund
        ): f"expected at least {stored.min_history} months with a return, got {months[fund]}"
        for fund in few
    }
    ready = np.flatnonzero(months >= stored.min_history)
    if not len(ready):
        return empty_table(), reasons
    kept = funds.pick(ready) if len(few) else funds
    some = forecaster.forecast_some(
        kept.excess, kept.last - month_index(forecaster.trained_until), LEVELS
    )
    reasons |= {int(ready[row]): reason for row, reason in some.reasons.items()}
    finite = np.isfinite(some.forecast.quantiles).all(axis=(1, 2))
    finite &= np.isfinite(some.forecast.mean).all(axis=1)
    for fund in ready[some.rows[~finite]]:
        reasons[int(fund)] = "the model's forecast is not finite; look at the fund's returns"
    if len(some.rows) == len(kept) and finite.all():
        return (
            forecast_table(kept, some.forecast, some.missing, stored, newest, horizons),
            reasons,
        )
    made = Forecast(
        some.forecast.mean[finite], some.forecast.quantiles[finite], some.forecast.levels
    )
    shown = kept.pick(some.rows[finite])
    return forecast_table(shown, made, some.missing[finite], stored, newest, horizons), reasons


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
    model, config = forecaster.model, forecaster.model.config
    state = fund_state(panel.excess, panel.risk_free, config.window, config.periods_per_year)
    ratios = horizon_ratios(state, config.leads)
    informed = FundSharpeModel(config)
    informed.restore(replace(model.fitted, market=state.market, ratios=ratios))
    return FROM_FILE, FundSharpeForecaster(informed, panel.periods[-1])


def check_monthly(forecaster: FundSharpeForecaster, periods_per_year: int) -> None:
    """Raise ConfigError unless data and model are monthly."""
    refuse_other_than_monthly("the data have", periods_per_year)
    refuse_other_than_monthly("the model has", forecaster.periods_per_year)


def _reject_table(funds: AlignedFunds, reasons: Mapping[int, str]) -> pl.DataFrame:
    months = funds.months
    rows = [
        (
            funds.ids[fund],
            month_label(int(funds.last[fund])) if months[fund] else None,
            int(months[fund]),
            reason,
        )
        for fund, reason in sorted(reasons.items())
    ]
    return pl.DataFrame(rows, schema=REJECT_SCHEMA, orient="row")
