r"""`halyard benchmark`: measure the networks on published sets of series, beside their rivals."""

from __future__ import annotations

import json as json_format
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Measure the networks on published sets of series.")

#: Called with (what is being done, how much is done, how much in all).
Told = Callable[[str, float, float], None]
#: Seconds between two lines of progress where there is no terminal to draw a bar on.
_LINE_SECONDS = 10.0


@app.callback()
def _group() -> None:
    """Measure the networks on published sets of series."""


@app.command()
def monthly(
    data: Annotated[Path, typer.Option(help="Long CSV or Parquet: columns series, t and value.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="key=value of the settings, such as training.epochs=5 or seeds=4."),
    ] = None,
    horizon: Annotated[
        int, typer.Option(help="Steps at the end of every series that are the test.")
    ] = 12,
    season: Annotated[int, typer.Option(help="Steps in a season; 1 for none.")] = 12,
    statistical: Annotated[
        bool, typer.Option(help="Run SES, AutoTheta, AutoETS and AutoARIMA beside.")
    ] = True,
    statistical_minutes: Annotated[
        float,
        typer.Option(help="CPU minutes that these may be expected to take; the rest is left out."),
    ] = 3.0,
    config: Annotated[
        str, typer.Option(help="Settings: a shipped name or a .yaml file.")
    ] = "monthly",
    seed: Annotated[int | None, typer.Option(help="Seed of the first networks.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes [one per core].")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Hold out the end of every series, forecast it from the rest, score everybody.

    The ensemble combines LSTM and GRU networks with the pool of exponential smoothers that
    they correct, and with AutoTheta; its weights come from origins inside the training part.
    MASE and CRPS are in units of the in-sample seasonal naive error, sMAPE is in percent.

    \b
    Example:
      halyard benchmark monthly --data m3_monthly.parquet --horizon 18 --season 12
    """
    from pipelines.dataclass_config import load_dataclass
    from pipelines.monthly.benchmark import Question, run_benchmark
    from pipelines.monthly.settings import MonthlyConfig

    changes = [*(overrides or []), *([] if seed is None else [f"training.seed={seed}"])]
    settings = load_dataclass(MonthlyConfig, config, changes)
    seconds = 60.0 * statistical_minutes if statistical else None
    question = Question(data, horizon, season, seconds, jobs or _cores())
    with _progress() as told:
        result = run_benchmark(question, settings, told)
    if json:
        typer.echo(json_format.dumps(result, ensure_ascii=False, allow_nan=False))
    else:
        _show(result)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _progress() -> Iterator[Told]:
    """Progress on stderr: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines().tell
        return
    from service.commands.progress_bars import timed_bars

    with timed_bars(percent=True) as progress:
        task = progress.add_task("reading", total=None)

        def tell(what: str, done: float, total: float) -> None:
            if progress.tasks[0].total != total:
                progress.reset(task, total=total)
            progress.update(task, description=what, completed=done)

        yield tell


class _Lines:
    """Lines for a log."""

    def __init__(self) -> None:
        self._begun = self._newest = self._called = time.monotonic()
        self._total = 0.0

    def tell(self, what: str, done: float, total: float) -> None:
        """Print how far it is and how long it may take, at most every _LINE_SECONDS."""
        now = time.monotonic()
        if total != self._total:
            # The first part of a new kind of work began when the last of the old one ended.
            self._begun, self._total = self._called, total
        self._called = now
        if done < total and now - self._newest < _LINE_SECONDS:
            return
        self._newest = now
        left = (now - self._begun) * (total - done) / done if done else 0.0
        typer.echo(
            f"{what}: {min(done / total, 1.0):.0%}, about {max(left, 0):.0f} s left", err=True
        )


def _show(result: dict[str, Any]) -> None:
    """Print the scores as a table, and how they came about."""
    from service.commands.tables import plain_table, show

    typer.echo(
        f"{result['data']}: {result['n_series']} series, the last {result['horizon']} steps "
        f"forecast, season {result['season']}"
    )
    rows = [
        (row["model"], f"{row['mase']:.4f}", f"{row['smape']:.2f}", f"{row['crps']:.4f}")
        for row in result["rows"]
    ]
    show(plain_table(("model", "MASE", "sMAPE %", "CRPS"), rows))
    weights = ", ".join(f"{name} {share:.2f}" for name, share in result["ensemble_weights"].items())
    typer.echo(f"ensemble: {weights or 'equal weights'}")
    for name, reason in result["left_out"].items():
        typer.echo(f"{name} was left out: {reason}")
    skipped = result["n_series"] - result["n_scored"]
    if skipped or result["n_too_short"]:
        typer.echo(
            f"{skipped} constant series are not scored, {result['n_too_short']} are too short"
        )
    typer.echo(f"{result['seconds']:.0f} s")
