"""`halyard outcomes ingest`: join earlier forecasts with what came true, and keep the errors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.panel_options import PanelOptions, takes_panel
from service.commands.targets import target_group

if TYPE_CHECKING:
    import polars as pl

Forecasts = Annotated[
    str,
    typer.Option(
        "--forecasts",
        help="What `halyard forecast --output` named: folder, file, or postgresql://...#TABLE.",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", help="URL to keep outcomes in [HALYARD_DATABASE, or SQLite in HALYARD_HOME]."
    ),
]

app = typer.Typer(help="Keep what became of forecasts.", rich_markup_mode=None)
ingest = target_group("ingest outcomes of", "Join forecasts with what came true.")
app.add_typer(ingest, name="ingest")


@ingest.command("fund-sharpe")
@takes_panel
def ingest_funds(forecasts: Forecasts, panel: PanelOptions, database: Database = None) -> None:
    """Join forecasts of Sharpe ratios with the returns that came after.

    A forecast whose last month is not in the data has no outcome yet; telling the same data
    twice changes nothing.

    \b
    Example:
      halyard outcomes ingest fund-sharpe --forecasts next/ --data returns.parquet
    """
    from pipelines.monitoring.forecast_tables import read_forecasts
    from pipelines.monitoring.fund_outcomes import NEEDED, fund_outcomes
    from pipelines.monitoring.known_versions import fund_version

    made = read_forecasts(forecasts, NEEDED, ("lower_90", "upper_90"))
    found = fund_outcomes(made, panel.open().panel, fund_version)
    _keep(found, made.height, database)


@ingest.command("thermosphere-density")
def ingest_densities(
    forecasts: Forecasts,
    densities: Annotated[
        Path, typer.Option(help="CSV or Parquet of densities that satellites measured.")
    ],
    database: Database = None,
) -> None:
    """Join forecasts of density with what satellites measured at the same points.

    \b
    Example:
      halyard outcomes ingest thermosphere-density --forecasts night/ --densities champ.csv
    """
    from pipelines.datasets.density.satellite_densities import read_satellite_densities
    from pipelines.monitoring.density_outcomes import (
        LOWER,
        MEDIAN,
        NEEDED,
        UPPER,
        density_outcomes,
    )
    from pipelines.monitoring.forecast_tables import read_forecasts
    from pipelines.monitoring.known_versions import density_version

    made = read_forecasts(forecasts, NEEDED, (LOWER, MEDIAN, UPPER, "correction"))
    found = density_outcomes(made, read_satellite_densities(densities), density_version)
    _keep(found, made.height, database)


def _keep(found: pl.DataFrame, asked: int, database: str | None) -> None:
    from pipelines.database import database_url, shown
    from pipelines.monitoring.outcome_store import OutcomeStore

    store = OutcomeStore(database)
    known, new = store.add(found)
    store.close()
    typer.echo(f"{known} of {asked} forecasts have an outcome; {new} of them are new.")
    typer.echo(f"Kept in {shown(database_url(database))}; see `halyard monitor`.")
