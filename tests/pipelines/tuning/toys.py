"""Small objectives for the tests of tuning, and a script that tunes one of them.

Run as a module, `python -m tests.pipelines.tuning.toys FOLDER TRIALS WORKERS`, it
tunes `slow` in a process that a test can kill; a URL, the name of another toy and its arguments
as JSON may follow.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from models.errors import ModelError
from pipelines.config import load_config
from pipelines.tuning.objectives import Objective, ObjectiveSource, Report
from pipelines.tuning.run import tune
from pipelines.tuning.settings import TuningSettings
from pipelines.tuning.space import SearchSpace

BOWL_SPACE: dict[str, Any] = {
    "x": {"type": "float", "low": -1.0, "high": 1.0},
    "y": {"type": "float", "low": -1.0, "high": 1.0},
    "kind": {"type": "categorical", "choices": ["a", "b"]},
    "extra": {"type": "int", "low": 0, "high": 3, "when": {"kind": "b"}},
}


def bowl_space() -> SearchSpace:
    return load_config(SearchSpace, {"parameters": BOWL_SPACE})


def source(name: str, **arguments: Any) -> ObjectiveSource:
    return ObjectiveSource(f"{__name__}:{name}", arguments)


def bowl(centre: float = 0.3) -> Objective:
    """(x - centre)² + 0.1 y², plus `extra`; least 0 at x = centre, y = 0, kind a."""

    def objective(params: dict[str, Any], _report: Report) -> float:
        return float((params["x"] - centre) ** 2 + 0.1 * params["y"] ** 2 + params.get("extra", 0))

    return objective


def staircase(steps: int = 10) -> Objective:
    """Report |x| at every step: a bad trial can be seen from the first one."""

    def objective(params: dict[str, Any], report: Report) -> float:
        for step in range(steps):
            report(step, abs(params["x"]))
        return float(abs(params["x"]))

    return objective


def fussy() -> Objective:
    """Fail, each time in another way, on three quarters of the square."""

    def objective(params: dict[str, Any], _report: Report) -> float:
        if params["x"] < 0 and params["y"] < 0:
            raise ModelError("diverged at step 3")
        if params["x"] < 0:
            return float("nan")
        if params["y"] < 0:
            raise ZeroDivisionError
        return float(params["x"])

    return objective


def hopeless() -> Objective:
    """Fail always."""

    def objective(_params: dict[str, Any], _report: Report) -> float:
        raise ModelError("diverged at step 1")

    return objective


def broken() -> Objective:
    """Show a defect, which must not be taken for a failed trial."""

    def objective(_params: dict[str, Any], _report: Report) -> float:
        raise KeyError("a defect")

    return objective


class UnsendableError(Exception):
    """An error that a process cannot send to another: its text does not make it again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def unsendable() -> Objective:
    """Show a defect in an error that cannot be sent."""

    def objective(_params: dict[str, Any], _report: Report) -> float:
        raise UnsendableError("a", "defect")

    return objective


def broken_beside_slow(marker: str) -> Objective:
    """The first trial takes a minute; the others show a defect once it has begun."""

    def objective(_params: dict[str, Any], _report: Report) -> float:
        try:
            Path(marker).touch(exist_ok=False)
        except FileExistsError:
            raise KeyError("a defect") from None
        time.sleep(60)
        return 0.0

    return objective


def told_to_stop() -> Objective:
    """Send its process what ends it in order."""

    def objective(params: dict[str, Any], report: Report) -> float:
        os.kill(os.getpid(), signal.SIGTERM)
        return bowl()(params, report)

    return objective


def slow(seconds: float = 0.15) -> Objective:
    """The bowl, taking a while."""

    def objective(params: dict[str, Any], report: Report) -> float:
        time.sleep(seconds)
        return bowl()(params, report)

    return objective


def deadly(marker: str) -> Objective:
    """The bowl, but the first process to run it is killed in the middle of its trial."""

    def objective(params: dict[str, Any], report: Report) -> float:
        if not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return bowl()(params, report)

    return objective


def always_deadly() -> Objective:
    """Kill every process that runs it."""

    def objective(_params: dict[str, Any], _report: Report) -> float:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0.0

    return objective


def kills_at(least: float) -> Objective:
    """The bowl; where x is `least` or more it kills the process that runs it."""

    def objective(params: dict[str, Any], report: Report) -> float:
        if params["x"] >= least:
            os.kill(os.getpid(), signal.SIGKILL)
        return bowl()(params, report)

    return objective


def environment(folder: str) -> Objective:
    """Note the thread settings of each worker process in a file named by its id."""

    def objective(params: dict[str, Any], report: Report) -> float:
        names = ("OMP_NUM_THREADS", "MALLOC_MMAP_MAX_")
        text = " ".join(os.environ.get(name, "none") for name in names)
        Path(folder, str(os.getpid())).write_text(text, "utf-8")
        time.sleep(0.1)
        return bowl()(params, report)

    return objective


if __name__ == "__main__":
    out, trials, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    more = sys.argv[4:]
    storage = more[0] if more else None
    name, arguments = (more[1], json.loads(more[2])) if more[1:] else ("slow", {})
    settings = TuningSettings(
        trials=trials, workers=workers, startup_trials=3, storage=storage, heartbeat_seconds=1
    )
    place = f"tests.pipelines.tuning.toys:{name}"
    tune(ObjectiveSource(place, arguments), bowl_space(), settings, out)
