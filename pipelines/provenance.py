"""Where a result came from: time, commit, interpreter and package versions."""

from __future__ import annotations

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
    }


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
