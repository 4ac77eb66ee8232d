r"""`halyard tune`: search for good settings, go on after a kill, write down what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError
from pipelines.registry import FUND_SHARPE
from service.commands.panel_options import PanelOptions, takes_panel

if TYPE_CHECKING:
    from pipelines.tuning.objectives import ObjectiveSource
    from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
    from pipelines.tuning.space import SearchSpace

#: Overrides that begin so change the search space, the others how it is searched.
SPACE = "space."


@takes_panel
def tune(
    target: Annotated[str, typer.Argument(help="What to tune: fund-sharpe or monthly.")],
    panel: PanelOptions,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="key=value: pruner, startup_trials, warmup_steps, seed, "
            "or a bound of the space such as space.hidden_size.high=64."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Newest month that is read, such as 2010-12: later ones stay unseen."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Trials of the study in all, earlier runs included [50].")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; a study is repeatable only with one [1].")
    ] = None,
    sampler: Annotated[str | None, typer.Option(help="tpe, gp or random [tpe].")] = None,
    space: Annotated[
        str, typer.Option(help="Search space: a shipped name or a .yaml file.")
    ] = "search_space",
    storage: Annotated[
        str | None, typer.Option(help="URL of a database; without one, study.db in --out.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="Name of the study [the target's].")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the study [HALYARD_HOME/studies/STUDY].")
    ] = None,
) -> None:
    """Tune a model; a stopped study goes on.

    The same command goes on with a study that was stopped or killed. Writes summary.json,
    best.yaml, a plot of the history and one of the importances.

    \b
    Example:
      halyard tune fund-sharpe --data returns.parquet --trials 100 --workers 2
    """
    given = {"trials": trials, "workers": workers, "sampler": sampler, "storage": storage}
    settings, bounds = _settings(target, study, given, space, overrides or [])
    folder = _folder(out, settings.study)
    _run(target, _source(target, panel, until), settings, bounds, folder)


def _settings(
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


def _folder(out: Path | None, study: str) -> Path:
    from pipelines.environment import halyard_home

    return out or halyard_home() / "studies" / study


def _source(target: str, panel: PanelOptions, until: str | None) -> ObjectiveSource:
    """The objective with the files and how to read them, checked as far as words go."""
    from pipelines.tuning.objectives import file_arguments, objective_source

    source = objective_source(
        target, file_arguments({"data": panel.data, "risk_free": panel.risk_free})
    )
    reading = _reading(panel, until)
    if target != FUND_SHARPE and reading:
        option = next(iter(reading)).replace("_", "-")
        raise ConfigError(f"--{option}: is for {FUND_SHARPE}; leave it out to tune {target}")
    return objective_source(target, {**source.arguments, **reading})


def _reading(panel: PanelOptions, until: str | None) -> dict[str, Any]:
    """What was chosen of how to read the files, as plain data."""
    names = ("risk_free_unit", "frequency", "clean", "min_months")
    usual = PanelOptions()
    chosen = {n: getattr(panel, n) for n in names if getattr(panel, n) != getattr(usual, n)}
    columns = {name: value for name, value in asdict(panel.columns()).items() if value is not None}
    extra = {"until": until, "columns": columns}
    return {**chosen, **{name: value for name, value in extra.items() if value}}


def _run(
    target: str,
    source: ObjectiveSource,
    settings: TuningSettings,
    space: SearchSpace,
    out: Path,
) -> None:
    from pipelines.tuning.objectives import settings_of
    from pipelines.tuning.report import write_report
    from pipelines.tuning.run import tune as run_study

    typer.echo(f"study {settings.study}: {settings.trials} trials, in {out}")
    result = _with_progress(
        settings, lambda on_trial: run_study(source, space, settings, out, on_trial)
    )
    best = settings_of(target, result.best.params)
    _tell(result, write_report(result, space, settings, out, best))


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
