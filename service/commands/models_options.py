"""What the verbs of `halyard models` share: how a version is named, and told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.registry import StoredModel

Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Which = Annotated[
    str,
    typer.Argument(
        metavar="NAME[@ALIAS]",
        help="NAME@champion, @challenger, @previous or @latest; NAME:VERSION; "
        "NAME alone is its champion.",
    ),
]
Why = Annotated[str, typer.Option("--why", help="Reason, for the audit log.")]
Evidence = Annotated[
    Path | None,
    typer.Option("--evidence", help="File that shows it, such as a report; its sha256 is kept."),
]


def find(which: str) -> StoredModel:
    """The version that "fund-sharpe@latest" or "champion" means. Raises ArtefactError."""
    from pipelines import registry

    return registry.find_model(which)


def aliases_of(model: StoredModel) -> list[str]:
    """The aliases that a version holds."""
    from pipelines import registry

    held = registry.aliases(model.name)
    return [alias for alias in registry.ALIASES if held.get(alias) == model.version]


def tell_aliases(name: str, sentence: str, as_json: bool) -> None:
    """Say who holds which alias now: the sentence, or JSON."""
    from pipelines import registry

    if as_json:
        held = registry.aliases(name)
        about = {"name": name} | {alias: held.get(alias) for alias in registry.ALIASES}
        typer.echo(json.dumps(about, indent=1))
    else:
        typer.echo(sentence)


def leaves(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Nested values as dotted names and values."""
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += leaves(value, f"{before}{name}.")
        else:
            found.append((f"{before}{name}", value))
    return found


def flat(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Nested values as dotted names and texts."""
    return [(name, str(value)) for name, value in leaves(values)]
