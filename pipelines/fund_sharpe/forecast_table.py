"""The table that `halyard forecast` writes: one row per fund, target and horizon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from models.contract import FloatArray, Forecast, IntArray
from models.fund_sharpe import FundSharpeForecaster
from models.transforms.sharpe_inference import annualise, moment_error, sharpe_moments
from pipelines.fund_sharpe.aligned import AlignedFunds
from pipelines.fund_sharpe.cautions_table import warnings_of
from pipelines.months import month_label

#: Coverage of the central intervals, in percent.
COVERAGES = (50, 80, 90, 95)
#: Column -> level of its quantile.
QUANTILES: dict[str, float] = {
    "median": 0.5,
    **{
        f"{end}_{c}": 0.5 + sign * c / 200
        for c in COVERAGES
        for end, sign in (("lower", -1), ("upper", 1))
    },
}
LEVELS = tuple(QUANTILES.values())

#: Words that many rows share are written in a sixth of the time of other text.
_WORD = pl.Categorical()
#: Sharpe ratios are annualised and have no unit. Seven digits are more than they are worth.
FORECAST_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "origin": _WORD,
    "target": _WORD,
    "horizon": pl.Int32,
    "month": _WORD,
    "mean": pl.Float32,
    **dict.fromkeys(QUANTILES, pl.Float32),
    "months": pl.Int32,
    "sharpe_now": pl.Float32,
    "sharpe_now_se": pl.Float32,
    "warnings": _WORD,
}
REJECT_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "last_month": pl.String,
    "months": pl.Int64,
    "reason": pl.String,
}


def empty_table() -> pl.DataFrame:
    """The table without rows."""
    return pl.DataFrame(schema=FORECAST_SCHEMA)


def forecast_table(
    funds: AlignedFunds,
    forecast: Forecast,
    filled: IntArray,
    forecaster: FundSharpeForecaster,
    newest: int | None,
    horizons: Sequence[int] | None = None,
) -> pl.DataFrame:
    """All columns of FORECAST_SCHEMA.

    forecast  fund × lead, with quantiles at LEVELS
    filled    fund: months of the newest window that the fund's mean stands for
    newest    newest month of the data, as `month_index`; None if it is not known
    horizons  to show; None for all

    origin        newest month with a return
    month         last month of what is forecast
    lower_, upper_ ends of the central intervals
    months        months with a return
    sharpe_now    annualised Sharpe ratio of the newest window, null where months are missing
    sharpe_now_se its standard error, for skewed returns with fat tails (Mertens 2002)
    warnings      separated by "; "
    """
    leads = _shown_leads(forecaster, horizons)
    rows = np.repeat(np.arange(len(funds), dtype=np.uint32), len(leads))
    columns = [lead for lead, _, _ in leads]
    now = sharpe_now(funds.excess, forecaster.window, forecaster.periods_per_year)
    each = {
        "id": funds.ids,
        "origin": _labels(funds.last),
        "months": pl.Series(funds.months, dtype=pl.Int32),
        "sharpe_now": _or_null(now[0]),
        "sharpe_now_se": _or_null(now[1]),
        "warnings": warnings_of(funds, filled, forecaster, newest),
    }
    table = {name: values.gather(rows) for name, values in each.items()}
    table |= _lead_columns(funds, leads)
    table["mean"] = _flat(forecast.mean[:, columns])
    for place, name in enumerate(QUANTILES):
        table[name] = _flat(forecast.quantiles[:, columns, place])
    return pl.DataFrame({name: table[name].alias(name) for name in FORECAST_SCHEMA})


def sharpe_now(
    excess: FloatArray, window: int, periods_per_year: int
) -> tuple[FloatArray, FloatArray]:
    """Annualised Sharpe ratio of each fund's newest window and its standard error; NaN if unknown.

    excess  fund × time
    """
    newest = excess[:, -window:]
    unknown = np.full(len(excess), np.nan)
    if newest.shape[1] < window:
        return unknown, unknown
    moments = sharpe_moments(newest)
    whole = np.isfinite(newest).all(axis=1)
    ratio = annualise(moments.ratio, periods_per_year)
    error = annualise(moment_error(moments), periods_per_year)
    return np.where(whole, ratio, np.nan), np.where(whole, error, np.nan)


def _shown_leads(
    forecaster: FundSharpeForecaster, horizons: Sequence[int] | None
) -> list[tuple[int, str, int]]:
    """Place among the model's leads, target and horizon of each row of a fund."""
    shown = forecaster.horizons if horizons is None else horizons
    return [
        (forecaster.leads.index(f"{target}_{horizon}"), target, horizon)
        for target in forecaster.targets
        for horizon in forecaster.horizons
        if horizon in shown
    ]


def _lead_columns(
    funds: AlignedFunds, leads: Sequence[tuple[int, str, int]]
) -> dict[str, pl.Series]:
    ahead = np.array([horizon for _, _, horizon in leads])
    targets = pl.Series([target for _, target, _ in leads], dtype=_WORD)
    places = np.tile(np.arange(len(leads), dtype=np.uint32), len(funds))
    return {
        "target": targets.gather(places),
        "horizon": pl.Series(np.tile(ahead, len(funds)), dtype=pl.Int32),
        "month": _labels((funds.last[:, None] + ahead).ravel()),
    }


def _labels(months: IntArray) -> pl.Series:
    """Months as text; each is written once and then picked."""
    first, last = (int(months.min()), int(months.max())) if len(months) else (0, 0)
    names = pl.Series([month_label(month) for month in range(first, last + 1)], dtype=_WORD)
    return names.gather((months - first).astype(np.uint32))


def _flat(values: FloatArray) -> pl.Series:
    return pl.Series(np.ascontiguousarray(values, dtype=np.float32).ravel())


def _or_null(values: FloatArray) -> pl.Series:
    return pl.Series(values.astype(np.float32), nan_to_null=True)
