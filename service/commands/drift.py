"""`halyard drift`: has what comes in left its usual range?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.commands import drift_stored
from service.commands.drift_told import Json, Picture, Recent, tell
from service.commands.panel_options import PanelOptions, takes_panel
from service.commands.targets import target_group

app = target_group("look for drift in", "Hold the newest data against all before.")
app.add_typer(drift_stored.outcomes, name="outcomes")
app.add_typer(drift_stored.forecasts, name="forecasts")


@app.command("fund-sharpe")
@takes_panel
def drift_funds(
    panel: PanelOptions, recent: Recent = 12, as_json: Json = False, figure: Picture = None
) -> None:
    """Hold the newest months of a file of returns against all before.

    Ends with exit code 3 when something has drifted.

    \b
    Example:
      halyard drift fund-sharpe --data returns.parquet --figure drift.png
    """
    from pipelines.monitoring.drift import fund_drift

    tell([fund_drift(panel.open().panel, recent)], as_json, figure)


@app.command("thermosphere-density")
def drift_densities(
    densities: Annotated[
        Path, typer.Option(help="CSV or Parquet of densities that satellites measured.")
    ],
    recent: Recent = 12,
    as_json: Json = False,
    figure: Picture = None,
) -> None:
    """Hold the newest months of measured densities against all before.

    One satellite against the others tells a sensor, all of them the atmosphere or the model.
    Ends with exit code 3 when something has drifted.

    \b
    Example:
      halyard drift thermosphere-density --densities densities.csv
    """
    from pipelines.datasets.density.satellite_densities import read_satellite_densities
    from pipelines.monitoring.drift import density_drift
    from pipelines.monitoring.satellite_errors import dated_errors

    dated = dated_errors(read_satellite_densities(densities))
    tell([density_drift(dated, recent)], as_json, figure)
