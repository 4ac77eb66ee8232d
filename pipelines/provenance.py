"""Where a result came from: time, commit, interpreter, package versions, hardware."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata as packages
from pathlib import Path
from typing import Any

_PACKAGES = (
    "halyard",
    "torch",
    "numpy",
    "scipy",
    "pytorch-lightning",
    "optuna",
    "polars",
    "safetensors",
    "bentoml",
)


def provenance() -> dict[str, Any]:
    """What to keep beside a result, JSON-able."""
    return {
        "created": datetime.now(UTC).isoformat(),
        "git_commit": git_commit(Path(__file__).resolve().parents[1]),
        "python": sys.version.split()[0],
        "packages": {package: _package_version(package) for package in _PACKAGES},
        "hardware": hardware(),
    }


def hardware() -> dict[str, Any]:
    """What computed: the last bits of a network depend on it, and all of its speed."""
    torch = sys.modules.get("torch")  # not imported for this alone
    cuda = torch is not None and torch.cuda.is_available()
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": None if torch is None else torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch is not None and cuda else None,
    }


def _processor() -> str:
    """The model's name where the system tells it, else the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _package_version(package: str) -> str | None:
    try:
        return packages.version(package)
    except packages.PackageNotFoundError:
        return None


def git_commit(folder: Path) -> str | None:
    """Commit of a checkout, marked -dirty when files differ from it; None without one."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
