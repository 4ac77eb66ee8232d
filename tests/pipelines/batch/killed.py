"""Run a command again and again, and kill it at random moments, until it ends by itself."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

#: The checkout, from which commands import the tests.
ROOT = Path(__file__).resolve().parents[3]
#: No command here takes as long; one that does hangs.
DEADLINE = 300.0


def run_killed(
    words: Sequence[str],
    kills: int,
    seed: int,
    longest: float,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[], int] = lambda: 0,
) -> tuple[int, int]:
    """Kill so many runs after 0 .. `longest` seconds of visible progress, then let one finish.

    progress   something that grows once the work has begun; killing earlier tests little

    Returns its exit code, and how many runs were killed in the middle.
    """
    draw = random.Random(seed)
    killed = 0
    for _ in range(kills):
        begun = progress()
        process = start(words, environment)
        deadline = time.monotonic() + DEADLINE
        while process.poll() is None and progress() == begun and time.monotonic() < deadline:
            time.sleep(0.01)
        moment = time.monotonic() + draw.uniform(0.0, longest)
        while process.poll() is None and time.monotonic() < moment:
            time.sleep(0.002)
        if process.poll() is not None:
            return process.returncode, killed
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        killed += 1
    process = start(words, environment)
    return process.wait(DEADLINE), killed


def start(
    words: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start Python with these words."""
    given = {**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, *words], env=given, cwd=ROOT, stdout=subprocess.DEVNULL
    )
