"""A study on the command line: its options, its bar, and what is told at the end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.tuning.objectives import ObjectiveSource
    from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
    from pipelines.tuning.space import SearchSpace

#: Overrides that begin so change the search space, the others how it is searched.
SPACE = "space."

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        help="key=value: pruner, startup_trials, warmup_steps, seed, "
        "or a bound of the space such as space.hidden_size.high=64."
    ),
]
Trials = Annotated[
    int | None, typer.Option(help="Trials of the study in all, earlier runs included [50].")
]
Workers = Annotated[
    int | None, typer.Option(help="Processes; a study is repeatable only with one [1].")
]
Sampler = Annotated[str | None, typer.Option(help="tpe, gp or random [tpe].")]
Space = Annotated[str, typer.Option(help="Search space: a shipped name or a .yaml file.")]
Storage = Annotated[
    str | None,
    typer.Option(
        help="URL of a database, where several machines may work on one study; without one, "
        "study.db in --out."
    ),
]
WarmStart = Annotated[
    str | None,
    typer.Option(
        help="Folder or URL of an earlier study (#NAME after it picks one), whose best three "
        "trials come after the shipped settings."
    ),
]
DeadlineMinutes = Annotated[
    float | None,
    typer.Option("--deadline", min=0.0, help="Minutes after which no trial is begun; go on later."),
]
Heartbeat = Annotated[
    int | None,
    typer.Option(
        help="On a server: seconds between signs of life of a trial; twice as long without one, "
        "and it is run again [30]."
    ),
]
Study = Annotated[str | None, typer.Option(help="Name of the study [the target's].")]
Out = Annotated[Path | None, typer.Option(help="Folder of the study [HALYARD_HOME/studies/STUDY].")]


def study_settings(
    target: str,
    study: str | None,
    given: Mapping[str, Any],
    space: str,
    overrides: Sequence[str],
) -> tuple[TuningSettings, SearchSpace]:
    """Options and overrides, checked."""
    from pipelines.config import load_config
    from pipelines.tuning.settings import TuningSettings
    from pipelines.tuning.space import SearchSpace

    chosen = {name: value for name, value in given.items() if value is not None}
    searching = [text for text in overrides if not text.startswith(SPACE)]
    bounds = [f"parameters.{t.removeprefix(SPACE)}" for t in overrides if t.startswith(SPACE)]
    return (
        load_config(TuningSettings, {"study": study or target, **chosen}, searching),
        load_config(SearchSpace, space, bounds),
    )


def study_folder(out: Path | None, study: str) -> Path:
    from pipelines.environment import halyard_home

    return out or halyard_home() / "studies" / study


def run_study(
    source: ObjectiveSource,
    settings: TuningSettings,
    space: SearchSpace,
    out: Path,
    best_of: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    earlier: str | None = None,
    deadline: float | None = None,
) -> None:
    """Run a study under a bar, write its report, say what it found.

    best_of   turns the best parameters into what best.yaml holds
    earlier   study whose best trials come first, after the shipped settings
    deadline  minutes from now after which no trial is begun
    """
    from pipelines.tuning.objectives import metric_of
    from pipelines.tuning.report import write_report
    from pipelines.tuning.run import tune
    from pipelines.tuning.warm import parameters_of, warm_start

    typer.echo(f"study {settings.study}: {settings.trials} trials, in {out}")
    first = [parameters_of(best_of({}), space)]
    if earlier is not None:
        first += warm_start(earlier, space)
    until = None if deadline is None else time.time() + 60.0 * deadline
    with _orderly_end():
        result = _with_progress(
            settings,
            lambda on_trial: tune(source, space, settings, out, on_trial, first=first, until=until),
        )
    best = best_of(result.best.params)
    _tell(result, write_report(result, space, settings, out, best, metric_of(source)))


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM, which service managers send, end a study as Ctrl-C does.

    Trials then note that they were stopped on purpose, and are not taken for killers.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _with_progress(
    settings: TuningSettings,
    run: Callable[[Callable[[int, int, TrialRecord], None]], TuningResult],
) -> TuningResult:
    """Run a study under a bar with the time left and the best loss so far."""
    from service.commands.progress_bars import timed_bars

    with timed_bars() as progress:
        task = progress.add_task("tuning", total=settings.trials)
        best = float("inf")

        def on_trial(done: int, _total: int, trial: TrialRecord) -> None:
            nonlocal best
            progress.update(task, completed=done)
            if trial.value is not None and trial.value < best:
                best = trial.value
                progress.update(task, description=f"best {best:.5g} (trial {trial.number})")
                progress.console.print(f"trial {trial.number}: {best:.5g}, the best so far")

        return run(on_trial)


def _tell(result: TuningResult, files: Mapping[str, Path]) -> None:
    counts = ", ".join(f"{number} {state}" for state, number in sorted(result.counts.items()))
    typer.echo(f"{counts}; the best is trial {result.best.number}: {result.best.value:.6g}")
    for name, value in result.best.params.items():
        typer.echo(f"  {name}={value}")
    for name, file in files.items():
        typer.echo(f"{name}: {file}")
