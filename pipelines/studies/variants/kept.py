"""What a study keeps on disk: a line of JSON for each trial, and how the trials of a task are made.

trials/TASK.json             seed and epochs of all its trials
trials/TASK-VARIANT.jsonl    its trials; `-plain` before the dot when the learning rate was
                             not multiplied by (1 - momentum)
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import ConfigError

PLAIN = "-plain"
Trial = dict[str, Any]


@dataclass(frozen=True)
class Design:
    """How the trials of a study are made.

    seed       of the points that are drawn, and of the networks
    rescaled   the learning rate is multiplied by (1 - momentum)
    epochs     passes over the training at most, instead of the task's own
    """

    seed: int = 0
    rescaled: bool = True
    epochs: int | None = None


def trials_file(folder: Path, task: str, variant: str, *, rescaled: bool = True) -> Path:
    """Where the trials of a variant are kept."""
    return folder / "trials" / f"{task}-{variant}{'' if rescaled else PLAIN}.jsonl"


def kept_variants(folder: Path, task: str, *, rescaled: bool = True) -> set[str]:
    """Names of the variants that have trials of a task."""
    files = (folder / "trials").glob(f"{task}-*.jsonl")
    names = {file.stem.removeprefix(f"{task}-") for file in files}
    return {n.removesuffix(PLAIN) for n in names if n.endswith(PLAIN) is not rescaled}


def made_file(folder: Path, task: str) -> Path:
    """Where it is kept how the trials of a task are made."""
    return folder / "trials" / f"{task}.json"


def read_trials(file: Path) -> dict[int, Trial]:
    """Trial by number, in their order. A last line that a kill cut short counts as not there."""
    found: dict[int, Trial] = {}
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            trial = json.loads(line)
        except ValueError:
            continue
        found[int(trial["trial"])] = trial
    return dict(sorted(found.items()))


def append_trial(file: Path, trial: Trial) -> None:
    """Append a line, which is on the disk before the next trial is told of."""
    file.parent.mkdir(parents=True, exist_ok=True)
    cut_short = file.is_file() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
    with file.open("a", encoding="utf-8") as out:
        out.write(("\n" if cut_short else "") + json.dumps(trial) + "\n")
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def open_task(folder: Path, task: str, seed: int, epochs: int) -> Iterator[None]:
    """Hold the trials of a task, which no other process may add to meanwhile.

    Raises ConfigError when there are trials of another seed or number of epochs, or when
    another process holds them.
    """
    file, made = made_file(folder, task), {"seed": seed, "epochs": epochs}
    file.parent.mkdir(parents=True, exist_ok=True)
    # Locked before it is written: who renames a new file into place unlocks the old one.
    with file.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"--out {folder}: another process runs trials of {task}; wait for it to end"
            ) from error
        there = _read_made(file)
        if there is None:
            handle.truncate(0)
            handle.write(json.dumps(made) + "\n")
            handle.flush()
        else:
            _check(file, there, made)
        yield


def read_made(folder: Path, task: str) -> dict[str, int]:
    """Seed and epochs of the trials of a task. Raises ConfigError when they are not kept."""
    file = made_file(folder, task)
    found = _read_made(file)
    if found is None:
        raise ConfigError(f"{file}: expected seed and epochs of the trials; run the study again")
    return found


def _read_made(file: Path) -> dict[str, int] | None:
    """None without a file, or with one that a kill left empty."""
    try:
        found: dict[str, int] = json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found


def _check(file: Path, there: dict[str, int], wanted: dict[str, int]) -> None:
    for name, value in wanted.items():
        if there.get(name) != value:
            raise ConfigError(
                f"{file}: its trials have {name} {there.get(name)}, got --{name} {value}; give "
                f"--{name} {there.get(name)}, or another --out for trials that differ"
            )
