"""Who answers from now on, after a model was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pipelines.registry import StoredModel


def settle(stored: StoredModel, promote: bool | None, *, servable: bool = True) -> None:
    """Promote or not, and say which version answers from now on.

    promote   None promotes when there is no champion yet
    servable  whether the service can answer with it at all
    """
    from pipelines import registry

    champion = registry.champion_version(stored.name)
    wanted = champion is None if promote is None else promote
    if wanted and servable:
        asked = "the first of its name" if promote is None else "promoted by its training"
        registry.promote(stored, why=asked)
        before = "there was none before" if champion is None else f"it was {champion}"
        typer.echo(f"Champion is now {stored.version} ({before}).")
        return
    kept = "there is none" if champion is None else f"it stays {champion}"
    typer.echo(f"Champion unchanged ({kept}). Serve this version after:")
    typer.echo(f"  halyard models promote {stored.tag}")
