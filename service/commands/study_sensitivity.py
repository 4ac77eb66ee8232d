"""`halyard study sensitivity`: which inputs move the forecast of one fund, or of one epoch?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.studies.sensitivity.page import About
    from pipelines.studies.sensitivity.section import Section

Model = Annotated[str, typer.Option(help="Version or alias of the stored model.")]
Size = Annotated[
    float, typer.Option(help="Largest error of every input in the worst direction, in deviations.")
]
Out = Annotated[Path, typer.Option(help="Folder of sensitivity.html, sensitivity.json and plots.")]

app = typer.Typer(help="Tell which inputs move one forecast, by slopes and by forecasting anew.")


@app.command("fund-sharpe")
@takes_panel
def sensitivity_fund(
    panel: PanelOptions,
    fund: Annotated[str | None, typer.Option(help="Name of a fund [the first].")] = None,
    at: Annotated[
        str | None, typer.Option(help="Newest period that is read, like 2015-12 [the last].")
    ] = None,
    lead: Annotated[
        str | None, typer.Option(help="What sentences and plots are about [the first].")
    ] = None,
    size: Size = 0.1,
    model: Model = "champion",
    out: Out = Path("sensitivity"),
) -> None:
    """Move the returns of one fund, and what networks read of it, and forecast anew.

    \b
    Example:
      halyard study sensitivity fund-sharpe --lead rolling_12 --out sensitivity
    """
    from models.fund_sharpe import from_state
    from pipelines.registry import FUND_SHARPE, find_model, load_state
    from pipelines.studies.sensitivity.run import fund_study

    stored = from_state(load_state(find_model(model, FUND_SHARPE)))
    _tell(*fund_study(stored, panel.open().panel, fund, at, lead, size), out)


@app.command("thermosphere-density")
def sensitivity_density(
    start: Annotated[str, typer.Option(help="First hour of the forecast, UTC, as 2003-10-29T00.")],
    hours: Annotated[
        list[int] | None,
        typer.Option(help="Hours after the start; may be repeated [24, 48, ... of one rollout]."),
    ] = None,
    latitude: Annotated[float, typer.Option(help="Degrees north.")] = 0.0,
    longitude: Annotated[float, typer.Option(help="Degrees east.")] = 0.0,
    height: Annotated[float, typer.Option(help="km.")] = 400.0,
    lead: Annotated[
        int | None, typer.Option(help="Hours that sentences and plots are about [the first].")
    ] = None,
    size: Size = 0.1,
    model: Model = "champion",
    out: Out = Path("sensitivity"),
) -> None:
    """Move the drivers, and the state before the start where it is known, and forecast anew.

    The drivers are the observed ones. The forecast starts from the true state where NRLMSIS made
    the training fields, else from the drivers alone.

    \b
    Example:
      halyard study sensitivity thermosphere-density --start 2003-10-29T00 --out sensitivity
    """
    from models.emulators.storage import from_state
    from pipelines.registry import THERMOSPHERE_DENSITY, find_model, load_state
    from pipelines.studies.sensitivity.run import density_study

    chosen = find_model(model, THERMOSPHERE_DENSITY)
    place = latitude, longitude, height
    data = chosen.metadata.get("data", {})
    span = (data["first"], data["last"]) if {"first", "last"} <= set(data) else None
    emulator = from_state(load_state(chosen))
    _tell(*density_study(emulator, start, hours or [], place, lead, size, span), out)


def _tell(sections: Sequence[Section], about: About, out: Path) -> None:
    from pipelines.studies.sensitivity.page import write_study
    from pipelines.studies.sensitivity.section import sentences

    for section in sections:
        typer.echo(f"{section.title}:")
        for sentence in sentences(section):
            typer.echo(f"  {sentence}")
    for name, file in write_study(sections, about, out).items():
        typer.echo(f"{name}: {file}")
