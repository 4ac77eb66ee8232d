"""What the columns of forecasts mean, with units: the comments of a table in PostgreSQL.

docs/batch.md and density_columns say the same to a reader of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Of every table of forecasts.
COMMON = {
    "model": "name of the model that forecast",
    "version": "version of the model",
    "created_at": "when the run was planned, UTC; one moment for all rows of a run",
}


def fund_meanings() -> Mapping[str, str]:
    """Column -> meaning of fund forecasts; Sharpe ratios have no unit."""
    from pipelines.fund_sharpe.forecast_table import QUANTILES

    return {
        "id": "name of the fund",
        "origin": "newest month with a return, YYYY-MM: what the forecast knows ends here",
        "target": "rolling: ratio of the 12 months that end `horizon` months after the origin; "
        "forward: of the next `horizon` months",
        "horizon": "months ahead",
        "month": "last month of what is forecast, YYYY-MM",
        "mean": "expected Sharpe ratio, annualised",
        **{name: f"{level:g} quantile, annualised" for name, level in QUANTILES.items()},
        "months": "months with a return",
        "sharpe_now": "Sharpe ratio of the newest 12 months, annualised; null where one is missing",
        "sharpe_now_se": "its standard error (Mertens 2002), annualised",
        "warnings": "what to know, separated by semicolons; empty for most",
        "market": "file: market-wide series come from the input; training: from the model's",
        **COMMON,
    }


def density_meanings(levels: Sequence[float]) -> Mapping[str, str]:
    """Column -> meaning of densities at these levels."""
    from pipelines.batch.density_columns import quantile_name

    return {
        "id": "name of the point, as in the input",
        "epoch": "moment of the point, UTC",
        "latitude": "degrees north",
        "longitude": "degrees east",
        "height": "km",
        "mean": "expected density, kg/m3",
        "std": "standard deviation of the density, kg/m3",
        **{quantile_name(level): f"{level:g} quantile, kg/m3" for level in levels},
        "drivers": "space weather behind it: observed, forecast, or the caller's",
        "origin": "last hour that was observed or given, or the issue of the forecast, UTC",
        "correction": "none, satellite or assimilated",
        "warning": "why to trust it less; empty for most",
        **COMMON,
    }
