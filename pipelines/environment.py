"""The process environment that every Halyard process starts with, and its home folder.

Thread and allocator settings are read once, when a process starts and its libraries
load, so they cannot be set from inside: `ensure_environment` starts the process again
with them. Measured reasons: with more than one OpenMP thread, oneDNN's LSTM in worker
threads waits for cores it does not get; glibc gives large buffers back to the kernel
at every step and two-layer LSTM training then loses half its time to page faults.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

#: Variables that must be there before torch or bentoml is imported. A value that the
#: user has set already is kept.
PROCESS_ENVIRONMENT: dict[str, str] = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "2147483647",
    "BENTOML_DO_NOT_TRACK": "true",
}


def process_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `environ` (default: this process's) with the missing variables added."""
    return {**PROCESS_ENVIRONMENT, **(os.environ if environ is None else environ)}


def ensure_environment() -> None:
    """Replace this process by itself with the variables set, if any is missing.

    Call it first thing in a console entry, before heavy imports. It cannot loop: the
    second start has every variable.
    """
    wanted = process_environment()
    if wanted != dict(os.environ):
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wanted)


def halyard_home() -> Path:
    """Return the folder of models, studies and forecasts: HALYARD_HOME, absolute.

    The default is `.halyard` in the checkout, or in the working folder when the
    packages are installed without one.
    """
    chosen = os.environ.get("HALYARD_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    checkout = Path(__file__).resolve().parents[1]
    base = checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()
    return base / ".halyard"
