"""The search for a density challenger's settings, on the fields before the comparison."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.emulators.drivers import Drivers
from models.emulators.settings import DensityConfig
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.folder import Result, RunFolder
from pipelines.retraining.searching import search, space_of
from pipelines.retraining.settings import TuneSettings
from pipelines.thermosphere_density.fields import Fields
from pipelines.thermosphere_density.tuning_objective import (
    PLACES,
    configured,
    objective_arguments,
)
from pipelines.tuning.objectives import objective_source
from pipelines.tuning.space import SearchSpace


def tune_density(
    known: Fields,
    drivers: Drivers,
    base: DensityConfig,
    how: TuneSettings,
    folder: RunFolder,
    deadline: Deadline,
) -> Result:
    """Search around the settings of `base`, on the calibration months of the known hours."""
    arguments = objective_arguments(known, drivers, base, folder.path / "study")
    space = space_of(how)
    return search(
        objective_source("thermosphere-density", arguments),
        space,
        how,
        folder,
        deadline,
        parameters_of(base, space),
        lambda params: asdict(configured(base, params)),
    )


def parameters_of(config: DensityConfig, space: SearchSpace) -> dict[str, Any]:
    """The settings as a point of the space: what it searches, at their present values.

    A value outside the bounds is left out; the search then draws it.
    """
    recurrent = config.recurrent
    groups = {
        "network": asdict(recurrent.network),
        "training": asdict(recurrent.training),
        "static": asdict(recurrent.static),
        "recurrent": asdict(recurrent),
        "": asdict(config),
    }
    found: dict[str, Any] = {}
    for name, parameter in space.parameters.items():
        inside = groups[PLACES[name]] if name in PLACES else {}
        value = inside.get(name.removeprefix("static_"))
        if value is not None and parameter.exists(found) and parameter.may_be(value):
            found[name] = value
    return found
