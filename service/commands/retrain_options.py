"""What both retrainings are asked on the command line, and how their end is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.retraining.run import MakeDomain, Outcome
    from pipelines.retraining.settings import RetrainSettings

#: Exit code of a run that its deadline stopped: the same command goes on.
STOPPED = 4
#: Overrides that begin so change the retraining, the others the challenger.
PIPELINE = "retrain."

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        help="key=value: a setting of the challenger (members=2), or of the retraining "
        "(retrain.tuning.trials=20, retrain.promotion.alpha=0.1)."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="YAML file of the challenger's settings [the champion's]."),
]
IfNeeded = Annotated[
    bool, typer.Option("--if-needed", help="End early where no new model is needed, and say why.")
]
Deadline = Annotated[
    float | None, typer.Option(min=0.0, help="Minutes; what is not done by then is done next time.")
]
RunId = Annotated[
    str | None,
    typer.Option(help="Go on with this run, or call a new one so [an unfinished one, or new]."),
]
OnlyStep = Annotated[
    str | None,
    typer.Option(help="One step alone, for an engine that calls them in turn; needs --run-id."),
]
Database = Annotated[
    str | None,
    typer.Option(help="URL of the table of runs [HALYARD_DATABASE, or SQLite in HALYARD_HOME]."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be decided; write nothing.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="A trial of the whole in a minute; not for a real model.")
]


def changes(overrides: list[str] | None) -> tuple[list[str], list[str]]:
    """Overrides of the retraining, and of the challenger."""
    words = overrides or []
    own = [text.removeprefix(PIPELINE) for text in words if text.startswith(PIPELINE)]
    return own, [text for text in words if not text.startswith(PIPELINE)]


def told_of(config: Path | None, overrides: list[str]) -> dict[str, Any]:
    """What the challenger's settings are made of, beside the champion's."""
    text = None if config is None or not config.is_file() else config.read_text("utf-8")
    return {"config": text, "overrides": list(overrides)}


def carry_out(
    name: str,
    told: Mapping[str, Any],
    make: MakeDomain,
    settings: RetrainSettings,
    dry_run: bool,
    asked: Mapping[str, Any],
    only_step: str | None,
    database: str | None,
) -> None:
    """Make the run, or only say what it would decide, and tell how it ended."""
    from models.errors import ConfigError
    from pipelines.retraining.run import Asked, retrain

    if only_step is not None and asked["run_id"] is None:
        raise ConfigError("--only-step: expected --run-id too, so that all steps are of one run")
    if dry_run:
        _tell_look(name, make, settings)
        return
    wanted = Asked(**asked, only=only_step, database=database, say=_say)
    _tell(name, retrain(name, told, make, settings, wanted))


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _tell(name: str, outcome: Outcome) -> None:
    if outcome.state == "stopped":
        typer.echo(f"Run {outcome.run} was stopped: {outcome.why}. The same command goes on.")
        raise typer.Exit(STOPPED)
    if outcome.state == "open":
        typer.echo(f"Run {outcome.run}: {outcome.why}.")
        return
    typer.echo(f"Run {outcome.run} of {name}: {outcome.decision}: {outcome.why}.")
    typer.echo(f"report: {outcome.report}")


def _tell_look(name: str, make: MakeDomain, settings: RetrainSettings) -> None:
    from pipelines.registry import champion_version, get_model
    from pipelines.retraining.run import look

    version = champion_version(name)
    found = look(make(None if version is None else get_model(name, version)), settings)
    for line in (*found["remarks"], *found["drift"]["sentences"]):
        typer.echo(line)
    decision = found["decide"]
    typer.echo(f"A new model is {'needed' if decision['needed'] else 'not needed'}:")
    for reason in decision["reasons"]:
        typer.echo(f"  {reason}")
