"""What a study minimises: named objectives, found only when they are needed.

An objective is made inside every worker process from an `ObjectiveSource`, which is
plain data: the place of a factory and its arguments. The factory loads the data once
and returns a function of the parameters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from models.errors import ConfigError, DataError
from pipelines.tuning.space import Parameters

#: Called with (step, value) during a fit; it raises when the trial is to be given up,
#: so call it where an exception may pass, and let that exception through.
Report = Callable[[int, float], None]

#: (parameters, report) -> loss, finite, smaller is better. A ModelError, a
#: MemoryError or an ArithmeticError fails the trial; anything else stops the study.
Objective = Callable[[Parameters, Report], float]

#: Name -> "module:factory"; the factory takes the arguments of the source by keyword.
OBJECTIVES: dict[str, str] = {
    "fund-sharpe": "pipelines.fund_sharpe.tuning_objective:fund_sharpe_objective",
    "monthly": "pipelines.monthly.objective:monthly_objective",
    "thermosphere-density": "pipelines.thermosphere_density.tuning_objective:density_objective",
}

#: Name -> "module:function" that turns parameters into all settings of the model; without
#: one, the parameters are the settings.
SETTINGS: dict[str, str] = {
    "fund-sharpe": "pipelines.fund_sharpe.tuning_objective:tuned_settings",
    "thermosphere-density": "pipelines.thermosphere_density.tuning_objective:tuned_settings",
}


#: Name -> what the loss is, in words; {loss} is the argument of that name.
METRICS: dict[str, str] = {
    "fund-sharpe": "mean square error over that of the structural reference, mean over leads and "
    "over the two years after each of several cutoffs",
    "monthly": "error of LSTM and GRU networks at the validation origins",
    "thermosphere-density": "{loss} on the calibration months, from known starts and from drivers",
}


@dataclass(frozen=True)
class ObjectiveSource:
    """Where an objective comes from: factory "module:function" and JSON-able arguments.

    The arguments are stored in the study; going on with other ones is refused, so
    put whatever changes the meaning of the loss (a hash of the data, say) among them.
    """

    factory: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> Objective:
        """Import the factory and call it."""
        objective: Objective = _imported(self.factory)(**self.arguments)
        return objective


def objective_source(name: str, arguments: Mapping[str, Any]) -> ObjectiveSource:
    """Return the source of a registered objective; ConfigError when there is none."""
    if name not in OBJECTIVES:
        near = get_close_matches(name, OBJECTIVES, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ConfigError(f"nothing called {name!r} to tune{hint}; known: {', '.join(OBJECTIVES)}")
    return ObjectiveSource(OBJECTIVES[name], arguments)


def metric_of(source: ObjectiveSource) -> str:
    """What the loss of a source is, in words: settings that it chose are good by it first."""
    for name, factory in OBJECTIVES.items():
        if factory == source.factory:
            return METRICS[name].format(loss=source.arguments.get("loss", "error"))
    return source.factory


def settings_of(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of a registered objective as settings that its model is made from."""
    if name not in SETTINGS:
        return dict(parameters)
    settings: dict[str, Any] = _imported(SETTINGS[name])(parameters)
    return settings


def file_arguments(files: Mapping[str, Path | None]) -> dict[str, str | None]:
    """Arguments of an objective for the files that it reads: where they lie, and a hash
    of what is in them, so that a study cannot go on with other data.

    Returns one absolute path or None per file, and `data_hash`.
    """
    content = hashlib.sha256()
    for name, file in files.items():
        if file is not None:
            content.update(f"{name} {_digest(file)};".encode())
    paths = {name: None if file is None else str(file.resolve()) for name, file in files.items()}
    return {**paths, "data_hash": content.hexdigest()}


def _imported(place: str) -> Callable[..., Any]:
    """What stands at "module:function"."""
    module, _, function = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def _digest(file: Path) -> str:
    if not file.is_file():
        raise DataError(f"{file}: no such file")
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
