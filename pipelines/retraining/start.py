"""Which run is it: a new one, the one that was stopped, or the one that was named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models.errors import ConfigError
from pipelines.registry import StoredModel, champion_version, get_model
from pipelines.retraining.folder import Result, RunFolder, new_run_id, runs_folder

#: The step whose result ends a run.
LAST = "record"


@dataclass(frozen=True)
class Started:
    """A run that can go on.

    champion   the model to beat: of when the run began, whoever it is now
    resumed    it was begun earlier
    """

    folder: RunFolder
    champion: StoredModel | None
    resumed: bool


def start(name: str, told: Result, run_id: str | None = None) -> Started:
    """Find the run to go on with, or plan a new one, whose plan is not written yet.

    told     JSON-able: all that decides what a run does, such as hash of the data, settings
    run_id   None: the newest run that is not finished and was told the same, else a new one

    The caller holds the lock. Raises ConfigError when the run that is named was told
    otherwise.
    """
    if run_id is None:
        for folder in unfinished(name):
            if _told(folder) == dict(told):
                return _resumed(folder)
        return Started(RunFolder(name, new_run_id()), _champion(name), False)
    folder = RunFolder(name, run_id)
    before = _told(folder)
    if before is None:
        return Started(folder, _champion(name), False)
    if before != dict(told):
        other = sorted(key for key in {*before, *told} if before.get(key) != told.get(key))
        raise ConfigError(
            f"--run-id {run_id}: this run was begun with another {' and another '.join(other)}; "
            "give the same data and settings as then, or another --run-id"
        )
    return _resumed(folder)


def unfinished(name: str) -> Iterator[RunFolder]:
    """Runs that have a plan and no end, the newest first."""
    root = runs_folder(name)
    found = [
        RunFolder(name, path.name) for path in root.iterdir() if (path / "plan.json").is_file()
    ]
    begun = [(str((folder.plan() or {})["created"]), folder) for folder in found]
    for _, folder in sorted(begun, key=lambda pair: pair[0], reverse=True):
        if folder.result(LAST) is None:
            yield folder


def begin(started: Started, told: Result, settings: Result) -> None:
    """Write the plan of a new run; nothing for one that goes on."""
    if started.resumed:
        started.folder.tidy()
        return
    champion = started.champion
    started.folder.begin(
        {
            "run": started.folder.run_id,
            "name": started.folder.name,
            "created": datetime.now(UTC).isoformat(),
            "champion": None if champion is None else champion.version,
            "challenger": settings,
            "told": told,
        }
    )


def _told(folder: RunFolder) -> dict[str, Any] | None:
    plan = folder.plan()
    return None if plan is None else dict(plan["told"])


def _resumed(folder: RunFolder) -> Started:
    version = (folder.plan() or {})["champion"]
    return Started(folder, None if version is None else get_model(folder.name, version), True)


def _champion(name: str) -> StoredModel | None:
    version = champion_version(name)
    return None if version is None else get_model(name, version)
