"""Options and output of the verbs that look for drift."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError

if TYPE_CHECKING:
    from pipelines.monitoring.report import DriftReport

Recent = Annotated[int, typer.Option("--recent", min=2, help="Newest months that are judged.")]
Json = Annotated[bool, typer.Option("--json", help="All findings as JSON, for programs.")]
Picture = Annotated[
    Path | None,
    typer.Option("--figure", help="Where to draw what was watched: .png, .svg or .pdf."),
]
#: Exit code of a report that flags something, so that a scheduler can act on it.
DRIFTED = 3
_KINDS = ("png", "svg", "pdf")
_ENDINGS = ".png, .svg or .pdf"


def tell(reports: Sequence[DriftReport], as_json: bool, figure: Path | None) -> None:
    """Print reports, draw the only one, and end with DRIFTED where any flags something."""
    if figure is not None:
        _draw(reports, figure)
    if as_json:
        typer.echo(json.dumps(_as_json(reports), indent=1))
    else:
        for report in reports:
            _say(report)
    if any(report.drifted for report in reports):
        raise typer.Exit(DRIFTED)


def _as_json(reports: Sequence[DriftReport]) -> dict[str, Any]:
    from pipelines.monitoring.several import combined

    if len(reports) == 1:
        return reports[0].to_json()
    return combined(reports, reports[0].alpha)


def _say(report: DriftReport) -> None:
    for sentence in report.sentences:
        typer.echo(sentence)
    untested = [f for f in report.findings if f.p_value is None]
    if untested:
        typer.echo(f"{len(untested)} tests could not be made: {untested[0].note}.")


def _draw(reports: Sequence[DriftReport], file: Path) -> None:
    from pipelines.atomic import write_atomic
    from pipelines.monitoring.drift_figures import drift_figure

    kind = file.suffix[1:].lower()
    if kind not in _KINDS:
        raise ConfigError(f"--figure: expected a name that ends in {_ENDINGS}, got {file.name!r}")
    if len(reports) > 1:
        raise ConfigError(
            f"--figure: expected one version to draw, got {len(reports)}; name it by --version"
        )
    drawn = drift_figure(reports[0])
    write_atomic(file, lambda out: drawn.savefig(out, format=kind, dpi=150))
