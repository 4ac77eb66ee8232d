"""`halyard retrain thermosphere-density`: fields to the newest month, then the same steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.registry import THERMOSPHERE_DENSITY
from service.commands.density_options import Snapshots, Workers, opened
from service.commands.retrain_options import (
    Config,
    Database,
    Deadline,
    DryRun,
    IfNeeded,
    OnlyStep,
    Overrides,
    RunId,
    carry_out,
    changes,
    told_of,
)

if TYPE_CHECKING:
    from models.emulators.settings import DensityConfig
    from pipelines.registry import StoredModel
    from pipelines.retraining.domain import Domain

#: A month that no folder of snapshots reaches: all that is there.
NEWEST = "9999-12"


def retrain_density(
    overrides: Overrides = None,
    snapshots: Snapshots = None,
    config: Config = None,
    workers: Workers = 2,
    if_needed: IfNeeded = False,
    deadline: Deadline = None,
    run_id: RunId = None,
    only_step: OnlyStep = None,
    database: Database = None,
    dry_run: DryRun = False,
) -> None:
    """Renew the emulator of thermosphere density, if a challenger is surely better.

    Reads all months of --snapshots; without it, fields are made up to the settings' last month
    (last=2009-06). Champion and challenger are compared on open-loop windows of the newest
    months, which neither has seen. The same command goes on with a run that was stopped or
    killed. Exit code 4: the deadline came.

    \b
    Example:
      halyard retrain thermosphere-density --snapshots fields --if-needed --deadline 600
    """
    from pipelines.config import load_config
    from pipelines.registry import champion_version, get_model
    from pipelines.retraining.settings import DensityRetrainSettings
    from pipelines.retraining.thermosphere_density import DensityRetraining
    from pipelines.thermosphere_density.storing import describe_fields

    pipeline, model = changes(overrides)
    jobs = f"comparison.jobs={workers}"
    how = load_config(DensityRetrainSettings, "retrain_thermosphere_density", [jobs, *pipeline])
    version = champion_version(THERMOSPHERE_DENSITY)
    now = None if version is None else get_model(THERMOSPHERE_DENSITY, version)
    wanted = challenger_settings(now, config, model)
    if snapshots is not None and not any(text.startswith("last=") for text in model):
        wanted = replace(wanted, last=NEWEST)
    fields, drivers, found = opened(wanted, snapshots, workers)

    def make(champion: StoredModel | None) -> Domain:
        own = challenger_settings(champion, config, model)
        own = replace(own, grid=found.grid, first=found.first, last=found.last)
        return DensityRetraining(fields, drivers, how, champion, own)

    told = {"data": describe_fields(fields), "model": told_of(config, model)}
    asked: dict[str, Any] = {"run_id": run_id, "if_needed": if_needed, "minutes": deadline}
    carry_out(THERMOSPHERE_DENSITY, told, make, how, dry_run, asked, only_step, database)


def challenger_settings(
    champion: StoredModel | None, config: Path | None, overrides: list[str]
) -> DensityConfig:
    """The champion's settings, or those of a file, or the shipped ones; with overrides."""
    from models.emulators.settings import DensityConfig
    from pipelines.dataclass_config import load_dataclass

    source = config or (champion.metadata["config"] if champion else "thermosphere_density")
    return load_dataclass(DensityConfig, source, overrides)
