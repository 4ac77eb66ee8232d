"""Every Halyard process starts with the thread and allocator settings it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.environment import PROCESS_ENVIRONMENT, halyard_home, process_environment

SHOW = """
import json, os, sys
from pipelines.environment import ensure_environment
ensure_environment()
seen = {"environ": dict(os.environ), "argv": sys.argv[1:], "torch": "torch" in sys.modules}
print(json.dumps(seen))
"""


def start(script: Path, environ: dict[str, str]) -> dict[str, object]:
    """Run a script that calls ensure_environment and return what it saw."""
    done = subprocess.run(
        [sys.executable, str(script), "--flag", "two words"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    seen: dict[str, object] = json.loads(done.stdout)
    return seen


def bare_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in PROCESS_ENVIRONMENT}


def test_missing_variables_are_added() -> None:
    assert process_environment({"A": "b"}) == {**PROCESS_ENVIRONMENT, "A": "b"}


def test_values_of_the_user_are_kept() -> None:
    assert process_environment({"OMP_NUM_THREADS": "3"})["OMP_NUM_THREADS"] == "3"


def test_a_process_starts_itself_again_with_the_variables_and_its_arguments(
    tmp_path: Path,
) -> None:
    script = tmp_path / "show.py"
    script.write_text(SHOW, "utf-8")
    seen = start(script, bare_environment())
    assert seen["argv"] == ["--flag", "two words"]
    assert PROCESS_ENVIRONMENT.items() <= seen["environ"].items()  # type: ignore[attr-defined]
    assert seen["torch"] is False


def test_the_console_entry_starts_itself_again_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "--help"],
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Usage: halyard" in done.stdout


def test_home_is_the_variable_when_it_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path / "home"))
    assert halyard_home() == tmp_path / "home"


def test_home_lies_in_the_checkout_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HALYARD_HOME", raising=False)
    assert halyard_home() == Path(__file__).parents[2] / ".halyard"
