"""`halyard models export`, `import`: a version as one file, to another machine and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from service.commands.models_options import Json, Which, Why, find


def export(
    which: Which,
    out: Annotated[
        Path | None, typer.Option("--out", help="File [NAME-VERSION.bentomodel here].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a version as one file, checked; the same version gives the same bytes.

    \b
    Example:
      halyard models export fund-sharpe@champion --out champion.bentomodel
    """
    from pipelines import registry

    model = find(which)
    file = out or Path(f"{model.name}-{model.version}.bentomodel")
    registry.export_model(model, file)
    if as_json:
        typer.echo(json.dumps({"tag": model.tag, "file": str(file)}, indent=1))
    else:
        typer.echo(f"Wrote {model.tag} to {file} ({file.stat().st_size / 1e6:.1f} MB).")


def import_(
    file: Annotated[Path, typer.Argument(help="File that `halyard models export` made.")],
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Put an exported version into the store, under its own version; aliases stay.

    Every file is checked by its sha256. An archive with anything but numbers and JSON, or
    that would write elsewhere, is refused.

    \b
    Example:
      halyard models import champion.bentomodel
    """
    from pipelines import registry

    model = registry.import_model(file, why=why)
    if as_json:
        typer.echo(json.dumps({"tag": model.tag, "folder": str(model.folder)}, indent=1))
    else:
        typer.echo(f"Stored {model.tag}. Serve it: halyard models promote {model.tag}")
