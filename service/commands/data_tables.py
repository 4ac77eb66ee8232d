"""What the verbs of `halyard data` print and write."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from pipelines.datasets.findings import Action, Finding
    from pipelines.datasets.schema import Column

#: Width where the output is no terminal: a file is read in an editor.
_WIDE = 140


def show_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object; a number that is none would be a defect and is refused."""
    typer.echo(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False))


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings as a table, errors first."""
    table = _table("", "row", "column", "series", "what")
    for f in sorted(findings, key=lambda finding: finding.severity):
        row = "" if f.row is None else str(f.row)
        table.add_row(f.severity, row, f.column, f.series, f"{f.message} [{f.rule}]")
    _print(table)


def show_summary(about: Mapping[str, Any]) -> None:
    """Print the figures of a panel, then how many series lived and ended in each year."""
    attrition = about["attrition"]
    lengths = ", ".join(f"{series} with {size} or more" for size, series in about["at_least"])
    shown = {**about, "at_least": f"series: {lengths}"}
    for name, value in shown.items():
        if name != "attrition":
            text = f"{value:.6g}" if isinstance(value, float) else str(value)
            typer.echo(f"{name.replace('_', ' '):<16} {text}")
    table = _table("year", "alive", "ended", "%")
    for year, alive, ended in attrition:
        share = f"{100 * ended / alive:.1f}" if alive else ""
        table.add_row(year, str(alive), str(ended), share)
    _print(table)


def show_columns(columns: Iterable[Column]) -> None:
    """Print the table of known columns."""
    table = _table("role", "unit", "limits", "names")
    for column in columns:
        limits = "" if column.minimum is None else f"above {column.minimum:g}"
        table.add_row(column.name, column.unit, limits, ", ".join(column.synonyms))
    _print(table)


def count_rules(actions: Iterable[Action]) -> dict[str, int]:
    """Number of repairs by rule, the most frequent first."""
    return dict(Counter(action.rule for action in actions).most_common())


def write_table(table: pl.DataFrame, out: Path) -> None:
    """Write a table as CSV or Parquet, by the ending, whole or not at all."""
    from pipelines.atomic import write_atomic, write_parquet

    if out.suffix.lower() == ".parquet":
        write_parquet(out, table)
    else:
        write_atomic(out, table.write_csv)


def _table(*headers: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _print(table: Table) -> None:
    from rich.console import Console

    # Names of funds may hold brackets, which are no markup.
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table)
