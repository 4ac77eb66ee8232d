"""`halyard study changes`: when did the states of a stored model's networks change?"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from pipelines.studies.changes.trace import Changes

Model = Annotated[str, typer.Option(help="Version or alias of the stored model.")]
Out = Annotated[Path, typer.Option(help="Folder of changes.csv and changes.png.")]

app = typer.Typer(
    help="Tell when gates that can be shut (network.cell=gatelord) let states change."
)


@app.command("fund-sharpe")
@takes_panel
def changes_fund(
    panel: PanelOptions, model: Model = "champion", out: Out = Path("changes")
) -> None:
    """Trace the gates over every fund's newest window of months.

    \b
    Example:
      halyard study changes fund-sharpe --data returns.parquet --out changes
    """
    from models.fund_sharpe import from_state
    from pipelines.registry import FUND_SHARPE, find_model, load_state
    from pipelines.studies.changes.trace import fund_changes

    stored = from_state(load_state(find_model(model, FUND_SHARPE)))
    _tell(fund_changes(stored, panel.open().panel), out)


@app.command("thermosphere-density")
def changes_density(
    start: Annotated[str, typer.Option(help="First hour, UTC, like 2003-10-29T00.")],
    hours: Annotated[int, typer.Option(min=1, help="How many, of one rollout at most.")] = 96,
    model: Model = "champion",
    out: Out = Path("changes"),
) -> None:
    """Trace the gates over some hours, with the observed space weather.

    The forecast begins from the drivers alone; the hours that are read before it are told as well.

    \b
    Example:
      halyard study changes thermosphere-density --start 2003-10-29T00 --hours 96 --out changes
    """
    import numpy as np

    from models.emulators.driver_hours import hourly_drivers
    from models.emulators.storage import from_state
    from pipelines.datasets.space_weather.table import open_space_weather
    from pipelines.moments import read_moment
    from pipelines.registry import THERMOSPHERE_DENSITY, find_model, load_state
    from pipelines.studies.changes.trace import density_changes

    first = read_moment(start, "--start", "h")
    last = first + np.timedelta64(hours - 1, "h")
    stored = from_state(load_state(find_model(model, THERMOSPHERE_DENSITY)))
    before = first - np.timedelta64(stored.lookback, "h")
    drivers = hourly_drivers(open_space_weather(), before, last)
    _tell(density_changes(stored, drivers, first, last), out)


def _tell(found: Changes, out: Path) -> None:
    from pipelines.atomic import write_atomic, write_text
    from pipelines.studies.changes.figure import changes_figure, sentences

    for sentence in sentences(found):
        typer.echo(sentence)
    out.mkdir(parents=True, exist_ok=True)
    columns, lines = found.table(), io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    write_text(out / "changes.csv", lines.getvalue())
    drawn = changes_figure(found)
    write_atomic(out / "changes.png", lambda file: drawn.savefig(file, format="png", dpi=120))
    typer.echo(f"wrote {out / 'changes.csv'} and {out / 'changes.png'}")
