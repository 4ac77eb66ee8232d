"""`halyard study memory`: how far back do the networks of a stored model see?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.studies.memory.probe import Probed

Model = Annotated[str, typer.Option(help="Version or alias of the stored model.")]
Lags = Annotated[
    int | None, typer.Option(min=1, help="Steps back to ask for [1.5 times the window].")
]
Out = Annotated[Path, typer.Option(help="Folder of memory.json and memory.png.")]

app = typer.Typer(help="Probe how far back the networks of a stored model see.")


@app.command("fund-sharpe")
def memory_fund(model: Model = "champion", lags: Lags = None, out: Out = Path("memory")) -> None:
    """Probe a fund model, beside its window of months.

    \b
    Example:
      halyard study memory fund-sharpe --out memory
    """
    from models.fund_sharpe import from_state
    from pipelines.registry import FUND_SHARPE, find_model, load_state
    from pipelines.studies.memory.probe import probe_fund

    stored = from_state(load_state(find_model(model, FUND_SHARPE)))
    _tell(list(probe_fund(stored, lags)), "months", out)


@app.command("thermosphere-density")
def memory_density(model: Model = "champion", lags: Lags = None, out: Out = Path("memory")) -> None:
    """Probe a density emulator, beside its window of hours.

    \b
    Example:
      halyard study memory thermosphere-density --lags 96 --out memory
    """
    from models.emulators.storage import from_state
    from pipelines.registry import THERMOSPHERE_DENSITY, find_model, load_state
    from pipelines.studies.memory.probe import probe_density

    stored = from_state(load_state(find_model(model, THERMOSPHERE_DENSITY)))
    _tell(list(probe_density(stored, lags)), "hours", out)


def _tell(found: Sequence[Probed], unit: str, out: Path) -> None:
    from pipelines.atomic import write_atomic, write_text
    from pipelines.studies.memory.figure import memory_figure, sentences

    for sentence in sentences(found, unit):
        typer.echo(sentence)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "memory.json", json.dumps([one.to_json() for one in found], indent=1) + "\n")
    drawn = memory_figure(found, unit)
    write_atomic(out / "memory.png", lambda file: drawn.savefig(file, format="png", dpi=120))
    typer.echo(f"wrote {out / 'memory.json'} and {out / 'memory.png'}")
