"""`halyard models log`: who changed the aliases of a name, when, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.models_options import Json

if TYPE_CHECKING:
    from rich.table import Table


def log(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="fund-sharpe or thermosphere-density.")
    ] = "fund-sharpe",
    last: Annotated[
        int | None, typer.Option("--last", min=1, help="Only so many, the newest [all].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the audit log of a name, oldest first: every promotion, rollback and import.

    JSON also tells process, command, evidence and sha256.

    \b
    Example:
      halyard models log fund-sharpe --last 10
    """
    from pipelines import registry
    from service.commands.tables import show

    records = registry.audit_records(name)
    shown = records if last is None else records[-last:]
    if as_json:
        typer.echo(json.dumps(shown, indent=1))
    elif not shown:
        typer.echo(f"Nothing has been promoted or imported as {name!r} yet.")
    else:
        show(_table(shown))


def _table(records: list[dict[str, Any]]) -> Table:
    from service.commands.tables import plain_table

    columns = ("at (UTC)", "action", "from", "to", "who", "why", "evidence", "")
    return plain_table(columns, [_cells(record) for record in records])


def _cells(record: Mapping[str, Any]) -> list[str]:
    evidence, who = record["evidence"], record["who"]
    return [
        record["at"][:19],
        record["action"],
        record["from"] or "",
        record["to"],
        f"{who['user']}@{who['host']}",
        record["why"],
        "" if evidence is None else evidence["path"],
        # What was done needs no word.
        "" if record["state"] == "done" else record["state"],
    ]
