"""Tiny stored models, and processes that are killed at a chosen line of the registry."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from models.contract import State
from pipelines import registry

STATE = State("toy", {"window": 12}, {"weights": np.arange(3.0)})
#: Where a crash may matter: all files that write.
WRITERS = ("pipelines.registry", "pipelines.atomic", "pipelines.artefacts")
#: Seconds after which a child that hangs ends itself.
_DEADLINE = 60


def save(
    seed: int = 0,
    name: str = "toy",
    parent: str | None = None,
    run: str | None = None,
    study: str | None = None,
    **metrics: float,
) -> registry.StoredModel:
    """Store three numbers."""
    return registry.save_model(
        name,
        STATE,
        {"excess": [[0.01]]},
        metrics=metrics or {"rmse": 1.5},
        config={"window": 12},
        data={"hash": "abc", "first": "2001-01", "last": "2016-12"},
        seed=seed,
        parent=parent,
        run=run,
        study=study,
    )


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Let a child do some work and kill it (SIGKILL) before its step-th line in WRITERS.

    Returns False when the work ended before that. A failure of the work fails the test.
    """
    child = os.fork()
    if child == 0:
        _work_until_killed(step, work)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def in_child(work: Callable[[], object]) -> int:
    """Start some work in a child and return its number; wait with `ended_well`."""
    child = os.fork()
    if child == 0:
        _work_until_killed(sys.maxsize, work)
    return child


def ended_well(child: int) -> bool:
    """Wait for a child, and whether its work succeeded."""
    return os.waitpid(child, 0)[1] == 0


def _work_until_killed(step: int, work: Callable[[], object]) -> None:
    """Never returns: neither pytest nor its clean-up may run in a child."""
    left, code = step, 1

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not str(frame.f_globals.get("__name__")).startswith(WRITERS):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    try:
        signal.alarm(_DEADLINE)
        sys.settrace(trace)
        work()
        code = 0
    finally:
        os._exit(code)
