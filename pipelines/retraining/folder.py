"""The memory of one run: a plan, one result per finished step, and what steps keep beside.

::

    $HALYARD_HOME/retraining/<name>/lock
    $HALYARD_HOME/retraining/<name>/<run>/
        plan.json            what the run was told; written first
        steps/<step>.json    result of a finished step; written last, whole or not at all
        times.jsonl          seconds per step and attempt, apart from results, which repeat
        fits/ forecasts/ study/ report.html
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.errors import ArtefactError, ConfigError
from pipelines.atomic import flush_folder, write_text
from pipelines.environment import halyard_home
from pipelines.registry_version import is_word

PLAN, STEPS, TIMES, REPORT = "plan.json", "steps", "times.jsonl", "report.html"
Result = Mapping[str, Any]


def runs_folder(name: str) -> Path:
    """Where all runs of a name lie."""
    return halyard_home() / "retraining" / name


def new_run_id() -> str:
    """A name that sorts by time; given out under the lock, so that no two are the same."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"


class RunFolder:
    """One run on disk. Raises ConfigError for a run id that can be no folder."""

    def __init__(self, name: str, run_id: str) -> None:
        if not is_word(run_id):
            raise ConfigError(
                f"--run-id: expected small letters, digits, dots and dashes, got {run_id!r}"
            )
        self.name, self.run_id = name, run_id
        self.path = runs_folder(name) / run_id

    @property
    def report(self) -> Path:
        return self.path / REPORT

    def plan(self) -> dict[str, Any] | None:
        """What the run was told; None before it began. Raises ArtefactError."""
        return _read(self.path / PLAN)

    def begin(self, plan: Result) -> None:
        """Write the plan, before any step."""
        write_text(self.path / PLAN, _json(plan))
        for folder in (self.path, self.path.parent):
            flush_folder(folder)

    def result(self, step: str) -> dict[str, Any] | None:
        """What a step found; None while it is not finished. Raises ArtefactError."""
        return _read(self.path / STEPS / f"{step}.json")

    def keep(self, step: str, result: Result) -> None:
        """Record a finished step; the last thing that it does."""
        write_text(self.path / STEPS / f"{step}.json", _json(result))
        flush_folder(self.path / STEPS)

    def step_file(self, step: str) -> Path:
        return self.path / STEPS / f"{step}.json"

    def note_time(self, step: str, seconds: float, end: str) -> None:
        """Append how long an attempt at a step took; `end` is done, stopped or failed."""
        line = json.dumps({"step": step, "seconds": round(seconds, 3), "end": end})
        with (self.path / TIMES).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def seconds(self) -> dict[str, float]:
        """Seconds per step over all attempts that were not killed."""
        found: dict[str, float] = {}
        file = self.path / TIMES
        for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # torn by a crash
            found[entry["step"]] = found.get(entry["step"], 0.0) + entry["seconds"]
        return found

    def tidy(self) -> None:
        """Remove what a killed attempt left aside (see pipelines.atomic and artefacts)."""
        for left in list(self.path.rglob(".*.*")):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ArtefactError(
            f"{file}: expected JSON ({error}); remove it, and its step is done again"
        ) from error
    if not isinstance(found, dict):
        raise ArtefactError(
            f"{file}: expected an object, got {type(found).__name__}; remove it, and its step "
            "is done again"
        )
    return found


def _json(value: Result) -> str:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"
