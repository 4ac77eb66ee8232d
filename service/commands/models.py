"""`halyard models`: what is stored, what is known of it, which version is served."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from service.commands import models_change, models_compare, models_log, models_transfer
from service.commands.models_options import Json, Which, aliases_of, find, flat

if TYPE_CHECKING:
    from pipelines.registry import StoredModel

__all__ = ["app", "find"]

_COLUMNS = ("name", "version", "alias", "created (UTC)", "data", "series", "mean RMSE", "MAPE %")

app = typer.Typer(
    help="List, show, compare, promote, roll back and move stored models.", rich_markup_mode=None
)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List every stored version, oldest first, with the aliases that it holds.

    \b
    Example:
      halyard models list
    """
    from pipelines import registry
    from pipelines.environment import halyard_home
    from service.commands.tables import plain_table, show

    rows = [_row(model) for model in registry.list_models()]
    for problem in registry.damaged_models():
        typer.echo(f"Left out: {problem}", err=True)
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    if not rows:
        typer.echo(
            f"No models in {halyard_home()}; train one: halyard train fund-sharpe, "
            "or halyard train thermosphere-density"
        )
        return
    show(plain_table(_COLUMNS, [_cells(row) for row in rows]))


@app.command("show")
def show_one(which: Which = "fund-sharpe@champion", as_json: Json = False) -> None:
    """Show one version: data, scores, settings, where it comes from, software.

    \b
    Example:
      halyard models show fund-sharpe@latest
    """
    from service.commands.tables import show_holdout, show_windows

    model = find(which)
    about = {k: v for k, v in model.metadata.items() if k not in ("sample", "files")}
    held = aliases_of(model)
    if as_json:
        head = {"tag": model.tag, "champion": "champion" in held, "aliases": held}
        typer.echo(json.dumps({**head, **about}, indent=1))
        return
    typer.echo(f"{model.tag}{_bracket(held)} in {model.folder}\n")
    if "holdout_rmse" in about["metrics"]:
        show_holdout(about["metrics"])
    if "segments" in about["metrics"]:
        show_windows(about["metrics"])
    _show_groups(about)


def _show_groups(about: Mapping[str, Any]) -> None:
    from pipelines.selection import SELECTION
    from service.commands.tables import plain_table, show

    known = ("created", "user", "parent", "study", "git_commit", "python", "seed")
    facts = {key: about[key] for key in known if about.get(key) is not None}
    groups = {
        "data": about["data"],
        "settings": about["config"],
        "settings chosen by": about["metrics"].get(SELECTION),
        "packages": about["packages"],
        "hardware": about.get("hardware"),
    }
    for title, values in (("model", facts), *groups.items()):
        if not values:
            continue
        typer.echo()
        show(plain_table((title, ""), flat(values)))


def _row(model: StoredModel) -> dict[str, Any]:
    data, metrics, held = model.metadata["data"], model.metadata["metrics"], aliases_of(model)
    scores = metrics.get("holdout_rmse") or {}
    mape = metrics.get("segments", {}).get("all", {}).get("mape")
    return {
        "name": model.name,
        "version": model.version,
        "champion": "champion" in held,
        "aliases": held,
        "created": model.metadata["created"],
        "data": f"{data.get('first', '?')} to {data.get('last', '?')}",
        "series": data.get("series"),
        "mean_holdout_rmse": round(sum(scores.values()) / len(scores), 4) if scores else None,
        "mape_percent": None if mape is None else round(mape, 3),
    }


def _cells(row: Mapping[str, Any]) -> list[str]:
    shown = {**row, "aliases": ", ".join(row["aliases"]), "created": row["created"][:19]}
    del shown["champion"]
    return ["" if value is None else str(value) for value in shown.values()]


def _bracket(held: list[str]) -> str:
    return f" ({', '.join(held)})" if held else ""


app.command("compare")(models_compare.compare)
app.command("promote")(models_change.promote)
app.command("challenge")(models_change.challenge)
app.command("rollback")(models_change.rollback)
app.command("log")(models_log.log)
app.command("export")(models_transfer.export)
app.command("import")(models_transfer.import_)
