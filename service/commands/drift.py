"""`halyard drift`: has what comes in left its usual range?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from service.commands.panel_options import PanelOptions, takes_panel
from service.commands.targets import target_group

if TYPE_CHECKING:
    from pipelines.monitoring.report import DriftReport

Recent = Annotated[int, typer.Option("--recent", min=2, help="Newest months that are judged.")]
Json = Annotated[bool, typer.Option("--json", help="All findings as JSON, for programs.")]
Picture = Annotated[
    Path | None,
    typer.Option("--figure", help="Where to draw what was watched: .png, .svg or .pdf."),
]
#: Exit code of a report that flags something, so that a scheduler can act on it.
DRIFTED = 3
_KINDS = ("png", "svg", "pdf")
_ENDINGS = ".png, .svg or .pdf"

app = target_group("look for drift in", "Hold the newest data against all before.")


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

    _tell(fund_drift(panel.open().panel, recent), as_json, figure)


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

    _tell(density_drift(dated_errors(read_satellite_densities(densities)), recent), as_json, figure)


def _tell(report: DriftReport, as_json: bool, figure: Path | None) -> None:
    if figure is not None:
        _draw(report, figure)
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=1))
    else:
        for sentence in report.sentences:
            typer.echo(sentence)
        untested = [f for f in report.findings if f.p_value is None]
        if untested:
            typer.echo(f"{len(untested)} tests could not be made: {untested[0].note}.")
    if report.drifted:
        raise typer.Exit(DRIFTED)


def _draw(report: DriftReport, file: Path) -> None:
    from pipelines.atomic import write_atomic
    from pipelines.monitoring.drift_figures import drift_figure

    kind = file.suffix[1:].lower()
    if kind not in _KINDS:
        raise ConfigError(f"--figure: expected a name that ends in {_ENDINGS}, got {file.name!r}")
    drawn = drift_figure(report)
    write_atomic(file, lambda out: drawn.savefig(out, format=kind, dpi=150))
