"""Tables on the terminal, one copy of each for every verb that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

#: Width without a terminal: a table in a log or a pipe is not to be folded.
_PIPE_WIDTH = 160


def show(table: Table) -> None:
    """Print a table to stdout, as wide as the terminal."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    console.print(table)


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of texts without lines."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, header_style="bold", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def show_holdout(metrics: Mapping[str, Any]) -> None:
    """Print the scores that training stored: error of model and reference, coverage, per lead."""
    typer.echo(
        f"Scores on {metrics['holdout_forecasts']} forecasts of the newest "
        f"{metrics['holdout_months']} months, by a model that had not seen them:"
    )
    rmse, reference = metrics["holdout_rmse"], metrics["holdout_rmse_structural"]
    coverage = metrics["holdout_coverage_90"]
    rows = [
        (
            lead.rpartition("_")[0],
            lead.rpartition("_")[2],
            f"{rmse[lead]:.3f}",
            f"{reference[lead]:.3f}",
            f"{coverage[lead]:.1%}",
        )
        for lead in rmse
    ]
    columns = ("target", "horizon", "RMSE", "RMSE without networks", "in the 90 % interval")
    show(plain_table(columns, rows))
    show_networks(metrics.get("holdout_rmse_by_seed", {}), "rmse", "RMSE over leads")


def show_windows(metrics: Mapping[str, Any]) -> None:
    """Print the scores that training stored of open-loop windows of density, per segment."""
    judged = metrics["judged_on"]
    where = judged if isinstance(judged, str) else ", ".join(map(str, judged))
    typer.echo(
        f"Scores on {metrics['windows']} open-loop windows of {where}, which no network saw, "
        f"with {metrics['components']} components:"
    )
    rows = [
        (
            name,
            f"{scores['mape']:.2f} %",
            f"{scores['calibration_error_score']:.1f} %",
            f"{scores['coverage_90']:.1%}",
        )
        for name, scores in metrics["segments"].items()
    ]
    columns = ("segment", "MAPE", "calibration error", "in the 90 % interval")
    show(plain_table(columns, rows))
    show_networks(metrics.get("mape_by_seed", {}), "mape", "MAPE, %")


def show_networks(by_kind: Mapping[str, Mapping[str, Any]], key: str, error: str) -> None:
    """Print the error of each network alone: how much of a score is its seed's.

    by_kind  kind of network -> {key: errors of each, "deviation": of them}
    """
    rows = [
        (kind, ", ".join(f"{one:.3f}" for one in found[key]), f"{found['deviation']:.3f}")
        for kind, found in by_kind.items()
    ]
    if rows:
        typer.echo()
        show(plain_table(("network alone", f"{error}, each seed", "deviation"), rows))
