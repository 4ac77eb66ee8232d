"""`halyard drift outcomes` and `halyard drift forecasts`: of what is stored already."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY
from service.commands.drift_told import Json, Picture, Recent, tell
from service.commands.outcomes import Database, Forecasts
from service.commands.targets import target_group

Version = Annotated[
    str | None,
    typer.Option("--version", help="Version, or champion, challenger, previous [all]."),
]

outcomes = target_group("look for drift in outcomes of", "Hold outcomes against what was usual.")
forecasts = target_group("look for drift in forecasts of", "Hold forecasts against earlier ones.")


@outcomes.command(FUND_SHARPE)
def outcomes_of_funds(
    version: Version = None,
    recent: Recent = 12,
    as_json: Json = False,
    figure: Picture = None,
    database: Database = None,
) -> None:
    """Have errors of Sharpe ratios changed, and did intervals hold what they promise?

    Reads what `halyard outcomes ingest` keeps. Ends with exit code 3 when something has drifted.

    \b
    Example:
      halyard drift outcomes fund-sharpe --version champion
    """
    _outcomes(FUND_SHARPE, version, recent, as_json, figure, database)


@outcomes.command(THERMOSPHERE_DENSITY)
def outcomes_of_densities(
    version: Version = None,
    recent: Recent = 12,
    as_json: Json = False,
    figure: Picture = None,
    database: Database = None,
) -> None:
    """Have errors of density changed, and did intervals hold what they promise?

    Reads what `halyard outcomes ingest` keeps. Ends with exit code 3 when something has drifted.

    \b
    Example:
      halyard drift outcomes thermosphere-density --figure outcomes.png --version champion
    """
    _outcomes(THERMOSPHERE_DENSITY, version, recent, as_json, figure, database)


@forecasts.command(FUND_SHARPE)
def forecasts_of_funds(
    forecasts: Forecasts,
    version: Version = None,
    recent: Recent = 12,
    as_json: Json = False,
    figure: Picture = None,
) -> None:
    """Have level, spread or width of forecast Sharpe ratios left what was usual?

    Ends with exit code 3 when something has drifted.

    \b
    Example:
      halyard drift forecasts fund-sharpe --forecasts forecasts/
    """
    _forecasts(FUND_SHARPE, forecasts, version, recent, as_json, figure)


@forecasts.command(THERMOSPHERE_DENSITY)
def forecasts_of_densities(
    forecasts: Forecasts,
    version: Version = None,
    recent: Recent = 12,
    as_json: Json = False,
    figure: Picture = None,
) -> None:
    """Have level, spread or width of forecast densities left what was usual?

    Ends with exit code 3 when something has drifted.

    \b
    Example:
      halyard drift forecasts thermosphere-density --forecasts nights/
    """
    _forecasts(THERMOSPHERE_DENSITY, forecasts, version, recent, as_json, figure)


def _outcomes(
    predictor: str,
    version: str | None,
    recent: int,
    as_json: Json,
    figure: Picture,
    database: str | None,
) -> None:
    from pipelines.monitoring.outcome_store import OutcomeStore
    from pipelines.monitoring.stored_drift import outcome_reports

    asked = [] if version is None else [_resolved(predictor, version)]
    store = OutcomeStore(database)
    try:
        reports = outcome_reports(store, predictor, recent, asked)
    finally:
        store.close()
    tell(reports, as_json, figure)


def _forecasts(
    predictor: str,
    place: str,
    version: str | None,
    recent: int,
    as_json: Json,
    figure: Picture,
) -> None:
    from pipelines.monitoring.stored_drift import forecast_report

    asked = None if version is None else _resolved(predictor, version)
    tell([forecast_report(place, predictor, recent, asked)], as_json, figure)


def _resolved(predictor: str, version: str) -> str:
    """The version that an alias stands for; others need not be in the store any more."""
    from pipelines.registry import ALIASES, LATEST, get_model

    return get_model(predictor, version).version if version in (*ALIASES, LATEST) else version
