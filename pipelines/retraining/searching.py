"""A short study that begins where earlier ones ended; it decides nothing but the settings.

The champion's own settings are its first trial, so that a search that finds nothing better
leaves them as they are; the best trials of an earlier study come next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.errors import ModelError
from pipelines.config import load_config
from pipelines.environment import halyard_home
from pipelines.retraining.deadline import Deadline, OutOfTimeError
from pipelines.retraining.folder import STEPS, Result, RunFolder, runs_folder
from pipelines.retraining.settings import TuneSettings
from pipelines.selection import chosen_by
from pipelines.tuning.objectives import ObjectiveSource, metric_of
from pipelines.tuning.run import STUDY_FILE, tune
from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
from pipelines.tuning.space import Parameters, SearchSpace
from pipelines.tuning.warm import warm_start

#: Share of the time left that a search may take: training and the comparison come after it.
SHARE = 0.5


def search(
    source: ObjectiveSource,
    space: SearchSpace,
    how: TuneSettings,
    folder: RunFolder,
    deadline: Deadline,
    own: Parameters,
    settings_of: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    metric: str | None = None,
) -> Result:
    """{"settings", "study", "selection", "trials", "sentences"}: the best settings found.

    own          parameters of the champion's settings
    settings_of  turns parameters into all settings of the challenger
    metric       what the loss is, in words [those of the source]

    A study goes on where a killed run left it. With a deadline it takes half of the time and
    is content with the trials done by then. Raises OutOfTimeError when there are none.
    """
    settings = study_settings(how, folder)
    first = [own, *earlier_best(how, space, folder)]
    left = deadline.seconds_left
    until = None if left is None else time.time() + SHARE * max(left, 0.0)
    try:
        result = tune(source, space, settings, folder.path / "study", first=first, until=until)
    except ModelError as error:
        if until is not None and time.time() >= until:
            raise OutOfTimeError("no time left to try other settings") from error
        raise
    best = None if _is_own(result.best, own) else result.best
    return {
        "settings": dict(settings_of(own if best is None else best.params)),
        "study": None if best is None else settings.study,
        "selection": None
        if best is None
        else _selection(result, metric or metric_of(source), settings.seed),
        "trials": sum(trial.state != "interrupted" for trial in result.trials),
        "sentences": [_sentence(result, best)],
    }


def study_settings(how: TuneSettings, folder: RunFolder) -> TuningSettings:
    """The study of a run, under a name of its own."""
    return load_config(
        TuningSettings,
        {
            "study": f"{folder.name}-{folder.run_id}",
            "trials": how.trials,
            "workers": how.workers,
            "sampler": how.sampler,
            "startup_trials": how.startup_trials,
            "seed": how.seed,
        },
    )


def earlier_best(how: TuneSettings, space: SearchSpace, folder: RunFolder) -> list[Parameters]:
    """Parameters of the best trials of the earlier study; none where there is none."""
    place = how.earlier or _newest_study(folder)
    return [] if place is None or not how.best else warm_start(place, space, how.best)


def _newest_study(folder: RunFolder) -> str | None:
    """The study of the newest other run that finished one, else that of `halyard tune`."""
    done = sorted(
        path
        for path in runs_folder(folder.name).glob(f"*/study/{STUDY_FILE}")
        if path.parents[1] != folder.path and (path.parents[1] / STEPS / "tune.json").is_file()
    )
    plain = halyard_home() / "studies" / folder.name / STUDY_FILE
    if done:
        return str(done[-1].parent)
    return f"{plain.parent}#{folder.name}" if plain.is_file() else None


def _is_own(best: TrialRecord, own: Mapping[str, Any]) -> bool:
    """Whether the champion's own settings won."""
    return all(best.params.get(name) == value for name, value in own.items())


def _selection(result: TuningResult, metric: str, seed: int) -> Result:
    """How the settings were chosen, as `halyard tune` keeps it (pipelines.selection)."""
    return {
        "study": result.study,
        **chosen_by(metric, seed),
        "loss": result.best.value,
        "trials": result.counts["complete"],
    }


def _sentence(result: TuningResult, best: TrialRecord | None) -> str:
    complete = [trial for trial in result.trials if trial.value is not None]
    said = f"{len(result.trials)} trials, {len(complete)} of them complete"
    if best is None:
        return f"{said}: none was better than the champion's own settings, which stay."
    own = min(complete, key=lambda trial: trial.number)
    return (
        f"{said}: trial {best.number} has the smallest loss, {best.value:.5g}; the first, with the "
        f"champion's settings, had {own.value:.5g}."
    )


def space_of(how: TuneSettings) -> SearchSpace:
    """The search space of the settings: a shipped one or a file."""
    own = how.space.endswith((".yaml", ".yml"))
    return load_config(SearchSpace, Path(how.space) if own else how.space)
