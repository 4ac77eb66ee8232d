"""`halyard models`: what is stored, what is known of it, which version is served."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError

if TYPE_CHECKING:
    from pipelines.registry import StoredModel

Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Which = Annotated[
    str,
    typer.Argument(
        metavar="NAME[:VERSION]",
        help="fund-sharpe:champion, thermosphere-density:latest or a version.",
    ),
]

app = typer.Typer(help="List, show and promote stored models.", rich_markup_mode=None)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List every stored version, oldest first; the champion of each name is marked.

    \b
    Example:
      halyard models list
    """
    from pipelines import registry
    from pipelines.environment import halyard_home
    from service.commands.tables import plain_table, show

    models = registry.list_models()
    champions = {name: registry.champion_version(name) for name in {m.name for m in models}}
    rows = [_row(model, champions[model.name] == model.version) for model in models]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    if not rows:
        typer.echo(
            f"No models in {halyard_home()}; train one: halyard train fund-sharpe, "
            "or halyard train thermosphere-density"
        )
        return
    columns = (
        "name",
        "version",
        "champion",
        "created (UTC)",
        "data",
        "series",
        "mean RMSE",
        "MAPE %",
    )
    show(plain_table((*columns, "mean RMSE", "MAPE %"), [_cells(row) for row in rows]))


@app.command("show")
def show_one(which: Which = "fund-sharpe:champion", as_json: Json = False) -> None:
    """Show one version: data, scores, settings, software.

    \b
    Example:
      halyard models show fund-sharpe:latest
    """
    from pipelines import registry
    from service.commands.tables import plain_table, show, show_holdout

    model = find(which)
    about = {k: v for k, v in model.metadata.items() if k not in ("sample", "files")}
    champion = registry.champion_version(model.name) == model.version
    if as_json:
        typer.echo(json.dumps({"tag": model.tag, "champion": champion, **about}, indent=1))
        return
    typer.echo(f"{model.tag}{' (champion)' if champion else ''} in {model.folder}\n")
    if "holdout_rmse" in about["metrics"]:
        show_holdout(about["metrics"])
    facts = {k: about[k] for k in ("created", "git_commit", "python", "seed") if k in about}
    groups = {"data": about["data"], "settings": about["config"], "packages": about["packages"]}
    for title, values in (("model", facts), *groups.items()):
        typer.echo()
        show(plain_table((title, ""), list(_flat(values))))


@app.command("promote")
def promote_one(which: Which) -> None:
    """Serve this version from now on; a running server keeps its own until it starts again.

    \b
    Example:
      halyard models promote fund-sharpe:latest
    """
    from pipelines import registry

    model = find(which)
    registry.verify(model)
    if model.name == registry.FUND_SHARPE:
        _refuse_frequency(model)
    before = registry.champion_version(model.name)
    registry.promote(model)
    typer.echo(f"Champion of {model.name} is {model.version} (it was {before or 'none'}).")


def _refuse_frequency(model: StoredModel) -> None:
    """Raise ConfigError for a fund model that the service cannot answer with."""
    from service.commands.train import SERVED_PERIODS_PER_YEAR

    periods = int(model.metadata["config"].get("periods_per_year", SERVED_PERIODS_PER_YEAR))
    if periods != SERVED_PERIODS_PER_YEAR:
        raise ConfigError(
            f"{model.tag}: trained on {periods} periods a year, and the service answers for "
            "monthly returns; promote a monthly model"
        )


def find(which: str) -> StoredModel:
    """The version that "fund-sharpe:latest" or "champion" means. Raises ArtefactError."""
    from pipelines import registry

    name, _, version = which.rpartition(":")
    if not name and version in {model.name for model in registry.list_models()}:
        name, version = version, registry.CHAMPION
    return registry.get_model(name or registry.FUND_SHARPE, version)


def _row(model: StoredModel, champion: bool) -> dict[str, Any]:
    data = model.metadata["data"]
    metrics = model.metadata["metrics"]
    scores = metrics.get("holdout_rmse") or {}
    mape = metrics.get("segments", {}).get("all", {}).get("mape")
    return {
        "name": model.name,
        "version": model.version,
        "champion": champion,
        "created": model.metadata["created"],
        "data": f"{data.get('first', '?')} to {data.get('last', '?')}",
        "series": data.get("series"),
        "mean_holdout_rmse": round(sum(scores.values()) / len(scores), 4) if scores else None,
        "mape_percent": None if mape is None else round(mape, 3),
    }


def _cells(row: Mapping[str, Any]) -> list[str]:
    shown = {**row, "champion": "yes" if row["champion"] else "", "created": row["created"][:19]}
    return ["" if value is None else str(value) for value in shown.values()]


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Nested settings as dotted names."""
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{before}{name}.")
        else:
            rows.append((f"{before}{name}", str(value)))
    return rows
