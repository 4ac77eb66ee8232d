"""`halyard retrain runs`: what was retrained, and how each run ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from service.commands.retrain_options import Database

#: Columns of the list.
_SHOWN = ("name", "run", "state", "decision", "step", "data", "minutes", "champion", "challenger")


def runs(
    name: Annotated[
        str | None, typer.Argument(help="fund-sharpe or thermosphere-density [both].")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most runs, the newest ones.")] = 20,
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of each, for programs.")] = False,
) -> None:
    """List the runs of retraining, the newest first.

    \b
    Example:
      halyard retrain runs fund-sharpe --limit 5
    """
    from pipelines.retraining.runs_table import RunsTable
    from service.commands.tables import plain_table, show

    table = RunsTable(database)
    found = table.rows(name, limit)
    table.close()
    if as_json:
        typer.echo(json.dumps(found, indent=1, default=str))
    elif found:
        show(plain_table(_SHOWN, [_cells(row) for row in found]))
    else:
        typer.echo("No runs yet; begin one with `halyard retrain fund-sharpe`.")


def _cells(row: Mapping[str, Any]) -> list[str]:
    minutes = "" if row["seconds"] is None else f"{row['seconds'] / 60:.1f}"
    shown = {**row, "data": f"to {row['data_last']}", "minutes": minutes}
    return [str(shown[column]) if shown[column] is not None else "" for column in _SHOWN]
