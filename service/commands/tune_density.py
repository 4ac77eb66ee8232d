"""`halyard tune thermosphere-density`: a study on the months that calibrate the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.registry import THERMOSPHERE_DENSITY
from service.commands import studies
from service.commands.density_options import ConfigFile, Snapshots, opened

if TYPE_CHECKING:
    from models.emulators.settings import DensityConfig

#: Overrides that begin so change the settings that are not searched.
MODEL = "model."


def tune_density(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="key=value: pruner, startup_trials, warmup_steps, seed; a bound of the space "
            "(space.hidden_size.high=64); a setting that is not searched (model.rank=10)."
        ),
    ] = None,
    snapshots: Snapshots = None,
    config: ConfigFile = None,
    loss: Annotated[
        str, typer.Option(help="nlpd (of the state) or mape (of density), on calibration months.")
    ] = "nlpd",
    trials: studies.Trials = None,
    workers: studies.Workers = None,
    sampler: studies.Sampler = None,
    space: studies.Space = "density_space",
    storage: studies.Storage = None,
    study: studies.Study = None,
    out: studies.Out = None,
    warm_start: studies.WarmStart = None,
    deadline: studies.DeadlineMinutes = None,
    heartbeat: studies.Heartbeat = None,
) -> None:
    """Tune the networks of the density emulator; a stopped study goes on.

    The years held out are not read. Writes summary.json, best.yaml (for `train --config`), a
    plot of the history and one of the importances.

    \b
    Example:
      halyard tune thermosphere-density --snapshots fields --trials 60 --workers 2
    """
    from dataclasses import asdict

    from models.emulators.settings import DensityConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.thermosphere_density.tuning_losses import check_loss
    from pipelines.thermosphere_density.tuning_objective import configured
    from pipelines.tuning.objectives import objective_source

    check_loss(loss)
    words = overrides or []
    model = [text.removeprefix(MODEL) for text in words if text.startswith(MODEL)]
    searching = [text for text in words if not text.startswith(MODEL)]
    base = load_dataclass(DensityConfig, config or "thermosphere_density", model)
    given = {
        "trials": trials,
        "workers": workers,
        "sampler": sampler,
        "storage": storage,
        "heartbeat_seconds": heartbeat,
    }
    settings, bounds = studies.study_settings(THERMOSPHERE_DENSITY, study, given, space, searching)
    folder = studies.study_folder(out, settings.study)
    arguments, base = _reduced(base, snapshots, settings.workers, folder, loss)
    source = objective_source(THERMOSPHERE_DENSITY, arguments)

    def best_of(best: Mapping[str, Any]) -> Mapping[str, Any]:
        return asdict(configured(base, best))

    studies.run_study(source, settings, bounds, folder, best_of, warm_start, deadline)


def _reduced(
    base: DensityConfig, snapshots: Path | None, workers: int, folder: Path, loss: str
) -> tuple[dict[str, object], DensityConfig]:
    """Project the fields once into the study's folder: what the objective is made from."""
    from pipelines.thermosphere_density.tuning_objective import objective_arguments

    fields, drivers, base = opened(base, snapshots, workers)
    return objective_arguments(fields, drivers, base, folder, loss), base
