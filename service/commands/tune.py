r"""`halyard tune`: search for good settings, go on after a kill, write down what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import ConfigError
from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY
from service.commands import studies, tune_density
from service.commands.panel_options import PanelOptions, takes_panel
from service.commands.targets import target_group

if TYPE_CHECKING:
    from pipelines.tuning.objectives import ObjectiveSource

MONTHLY = "monthly"

app = target_group("tune", "Search for good settings; a stopped study goes on.")


def _panel_command(target: str, text: str) -> Callable[..., Any]:
    """The command that tunes a model of returns; all have the same options."""

    @takes_panel
    def tune(
        panel: PanelOptions,
        overrides: studies.Overrides = None,
        until: Annotated[
            str | None,
            typer.Option(
                help="Newest month that is read, such as 2010-12: later ones stay unseen."
            ),
        ] = None,
        trials: studies.Trials = None,
        workers: studies.Workers = None,
        sampler: studies.Sampler = None,
        space: studies.Space = "search_space",
        storage: studies.Storage = None,
        study: studies.Study = None,
        out: studies.Out = None,
        warm_start: studies.WarmStart = None,
        deadline: studies.DeadlineMinutes = None,
        heartbeat: studies.Heartbeat = None,
    ) -> None:
        from pipelines.tuning.objectives import settings_of

        given = {
            "trials": trials,
            "workers": workers,
            "sampler": sampler,
            "storage": storage,
            "heartbeat_seconds": heartbeat,
        }
        settings, bounds = studies.study_settings(target, study, given, space, overrides or [])
        folder = studies.study_folder(out, settings.study)
        source = _source(target, panel, until)
        best_of = partial(settings_of, target)
        studies.run_study(source, settings, bounds, folder, best_of, warm_start, deadline)

    tune.__doc__ = text
    return tune


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


_FILES = """

The same command goes on with a study that was stopped or killed. Writes summary.json,
best.yaml, a plot of the history and one of the importances.

\b
Example:
"""
app.command(FUND_SHARPE)(
    _panel_command(
        FUND_SHARPE,
        f"Tune the forecaster of Sharpe ratios.{_FILES}"
        "  halyard tune fund-sharpe --data returns.parquet --trials 100 --workers 2",
    )
)
app.command(MONTHLY)(
    _panel_command(
        MONTHLY,
        f"Tune the forecaster of monthly series.{_FILES}"
        "  halyard tune monthly --data m3.parquet --space monthly_space --trials 100",
    )
)
app.command(THERMOSPHERE_DENSITY)(tune_density.tune_density)
