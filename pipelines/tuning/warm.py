"""What an earlier study can tell a new one: its best parameters, to begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna

from models.errors import ConfigError
from pipelines.tuning.run import STUDY_FILE
from pipelines.tuning.settings import TrialRecord
from pipelines.tuning.space import Parameters, SearchSpace
from pipelines.tuning.storage import open_storage, shown
from pipelines.tuning.trials import records

_PARTS = ("network", "training")
#: Between the URL of a database and the name of a study in it.
NAME = "#"


def warm_start(earlier: str, space: SearchSpace, best: int = 3) -> list[Parameters]:
    """The best parameters of an earlier study, best first, as far as the space has them.

    earlier  folder of a study, or URL of a database; #NAME after either picks a study
    best     how many at most

    Raises ConfigError when there is no such study, DependencyError for a database that
    cannot be opened.
    """
    complete = [trial for trial in _trials(earlier) if trial.value is not None]
    complete.sort(key=lambda trial: (trial.value, trial.number))
    found: list[Parameters] = []
    for trial in complete:
        kept = within(trial.params, space)
        if kept and kept not in found:
            found.append(kept)
    return found[:best]


def parameters_of(settings: Mapping[str, Any], space: SearchSpace) -> Parameters:
    """Settings of a model as parameters of a space, as far as it has and allows them.

    settings  nested, as in a YAML file: a parameter stands at the top, in `network`, in
              `training`, or in these below `recurrent`
    """
    inner = settings.get("recurrent", {})
    places = [settings, *(each.get(part, {}) for each in (settings, inner) for part in _PARTS)]
    flat: Parameters = {}
    for place in [inner, *reversed(places)]:
        flat |= {name: value for name, value in place.items() if not isinstance(value, Mapping)}
    return within(flat, space)


def within(parameters: Mapping[str, Any], space: SearchSpace) -> Parameters:
    """Those parameters that the space has, with values that it allows."""
    return {
        name: value
        for name, value in parameters.items()
        if name in space.parameters and space.parameters[name].may_be(value)
    }


def _trials(earlier: str) -> Sequence[TrialRecord]:
    place, _, name = earlier.partition(NAME)
    url = place if "://" in place else _file_url(Path(place))
    storage = open_storage(url, heartbeat_seconds=30)
    known = optuna.study.get_all_study_names(storage)
    if not name and len(known) == 1:
        name = known[0]
    if name not in known:
        listed = ", ".join(known) or "none"
        raise ConfigError(
            f"--warm-start: expected a study in {shown(url)}, such as {place}{NAME}<study>, "
            f"got {name or 'no name'!r}; there are: {listed}"
        )
    return records(optuna.load_study(study_name=name, storage=storage))


def _file_url(folder: Path) -> str:
    file = folder / STUDY_FILE if folder.is_dir() else folder
    if not file.is_file():
        raise ConfigError(
            f"--warm-start: expected the folder of a study, or a URL, got {folder} "
            f"(no {STUDY_FILE} there)"
        )
    return f"sqlite:///{file.resolve()}"
