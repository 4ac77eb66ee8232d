"""`halyard models compare`: two versions side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.models_options import Json, Which, find, leaves

if TYPE_CHECKING:
    from pipelines.registry import StoredModel

#: Key -> (value of the first, of the second), None where one lacks it.
Pairs = dict[str, tuple[Any, Any]]
_LINEAGE = ("created", "user", "parent", "study", "seed", "git_commit", "python", "packages")


def compare(
    which: Which,
    other: Annotated[
        str | None,
        typer.Argument(metavar="[NAME@ALIAS]", help="The second one [the champion of the first]."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show two versions side by side: scores, settings that differ, data, where they come from.

    \b
    Example:
      halyard models compare fund-sharpe@challenger fund-sharpe@champion
    """
    first = find(which)
    second = find(f"{first.name}@champion" if other is None else other)
    groups = compared(first, second)
    if as_json:
        about = {"first": first.tag, "second": second.tag, **groups}
        typer.echo(json.dumps(about, indent=1))
        return
    _show(first, second, groups)


def compared(first: StoredModel, second: StoredModel) -> dict[str, Pairs]:
    """Values of two versions by group; settings and packages only where they differ."""
    a, b = first.metadata, second.metadata
    lineage = _pairs(_some(a, _LINEAGE), _some(b, _LINEAGE))
    return {
        "metrics": _pairs(a["metrics"], b["metrics"]),
        "settings": _different(_pairs(a["config"], b["config"])),
        "data": _pairs(a["data"], b["data"]),
        "lineage": {
            key: pair
            for key, pair in lineage.items()
            if not key.startswith("packages.") or pair[0] != pair[1]
        },
    }


def _show(first: StoredModel, second: StoredModel, groups: Mapping[str, Pairs]) -> None:
    from service.commands.tables import plain_table, show

    typer.echo(f"{first.tag} beside {second.tag}")
    for title, pairs in groups.items():
        typer.echo()
        if not pairs:
            typer.echo(f"{title}: no difference")
            continue
        scores = title == "metrics"
        columns = (title, "first", "second", *(("change",) if scores else ()))
        rows = _with_change(pairs) if scores else _rows(pairs)
        show(plain_table(columns, rows))


def _rows(pairs: Pairs) -> list[tuple[str, ...]]:
    return [(key, _text(a), _text(b)) for key, (a, b) in pairs.items()]


def _with_change(pairs: Pairs) -> list[tuple[str, ...]]:
    """Rows with what the first is above the second, as a share of it."""
    changes = [_change(a, b) for a, b in pairs.values()]
    return [(*row, change) for row, change in zip(_rows(pairs), changes, strict=True)]


def _pairs(first: Mapping[str, Any], second: Mapping[str, Any]) -> Pairs:
    a, b = dict(leaves(first)), dict(leaves(second))
    return {key: (a.get(key), b.get(key)) for key in {**a, **b}}


def _different(pairs: Pairs) -> Pairs:
    return {key: (a, b) for key, (a, b) in pairs.items() if a != b}


def _some(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: values.get(key) for key in keys}


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _change(a: Any, b: Any) -> str:
    numbers = all(isinstance(value, float) for value in (a, b))
    return f"{a / b - 1:+.2%}" if numbers and b else ""
