"""`halyard monitor`: running error, bias and coverage of forecasts whose outcome is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from models.errors import ConfigError
from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY
from service.commands.outcomes import Database

_SEEN = {"out": "", "in": " (in training)", "unknown": " (version unknown)"}


def monitor(
    predictor: Annotated[
        str | None, typer.Argument(help="fund-sharpe or thermosphere-density [both].")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="First month that counts, such as 2024-01.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    html: Annotated[Path | None, typer.Option(help="Page to write, with plots.")] = None,
    prometheus: Annotated[
        Path | None, typer.Option(help="File to write for Prometheus' textfile collector.")
    ] = None,
    database: Database = None,
) -> None:
    """Show how forecasts fared: error, bias and coverage per version, target and horizon.

    Outcomes come from `halyard outcomes ingest`. Forecasts that a model was trained on have
    rows of their own, and so have those of versions that are not in the store.

    \b
    Example:
      halyard monitor fund-sharpe --since 2024-01 --html outcomes.html
    """
    from pipelines.atomic import write_text
    from pipelines.monitoring.outcome_store import OutcomeStore
    from pipelines.monitoring.prometheus import metrics_text

    if predictor not in (None, FUND_SHARPE, THERMOSPHERE_DENSITY):
        raise ConfigError(
            f"nothing called {predictor!r} to monitor; there is: {FUND_SHARPE}, "
            f"{THERMOSPHERE_DENSITY}"
        )
    store = OutcomeStore(database)
    scores = store.scores(predictor, since)
    if html is not None:
        _write_page(store, scores, since, html)
    store.close()
    if prometheus is not None:
        write_text(prometheus, metrics_text(scores))
    if as_json:
        typer.echo(json.dumps(scores, indent=1))
        return
    _show(scores)
    for file in (html, prometheus):
        if file is not None:
            typer.echo(f"wrote {file}")


def _write_page(
    store: Any, scores: Sequence[Mapping[str, Any]], since: str | None, out: Path
) -> None:
    from pipelines.atomic import write_text
    from pipelines.monitoring.outcome_report import render_outcomes

    names = dict.fromkeys(str(row["predictor"]) for row in scores)
    periods = {name: store.periods(name, since) for name in names}
    write_text(out, render_outcomes(scores, store.series_scores(None, since), periods))


def _show(scores: Sequence[Mapping[str, Any]]) -> None:
    from service.commands.tables import plain_table, show

    if not scores:
        typer.echo("No outcomes yet; tell them with `halyard outcomes ingest`.")
        return
    columns = ("predictor", "version", "target", "ahead", "outcomes", "bias", "MAE", "RMSE")
    rows = [
        (
            row["predictor"],
            row["version"],
            f"{row['target']}{_SEEN[row['sample']]}",
            str(row["horizon"]),
            str(row["n"]),
            f"{row['bias']:+.3f}",
            f"{row['mae']:.3f}",
            f"{row['rmse']:.3f}",
            "" if row["coverage_90"] is None else f"{row['coverage_90']:.1%}",
        )
        for row in scores
    ]
    show(plain_table((*columns, "in 90 %"), rows))
