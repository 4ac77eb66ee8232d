"""The memory of a run: a lock, the plan, one small record per finished shard, the manifest.

All lie in the sink's state folder, under names that begin with `_`, which DuckDB and polars
leave out of a folder's tables. Each file is whole or not there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from models.errors import ConfigError
from pipelines.atomic import write_text
from pipelines.batch.contract import Kept
from pipelines.batch.plan import Plan

_PLAN, _SHARDS, _LOCK, _SCRATCH = "_plan.json", "_shards", "_lock", "_scratch"
_MARK = "made_for.json"
#: Names that a state folder may hold; anything else is not ours to touch.
OWN = frozenset({_PLAN, _SHARDS, _LOCK, _SCRATCH, "_manifest.json"})


class Records:
    """The records of the run that belongs to one state folder."""

    def __init__(self, state: Path) -> None:
        self._state = state

    @property
    def scratch(self) -> Path:
        """Folder for what sources and jobs prepare; gone when the run is finished."""
        return self._state / _SCRATCH

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; ConfigError when another run does. A killed run lets go at once."""
        self._state.mkdir(parents=True, exist_ok=True)
        path = self._state / _LOCK
        with path.open("w") as file:
            if not _lock(file, path):
                raise ConfigError(
                    f"{self._state}: another run is writing here; wait for it, or give another "
                    "--output"
                )
            try:
                yield
            finally:
                path.unlink(missing_ok=True)

    def plan(self) -> Plan | None:
        """The plan of the unfinished run, if there is one. Raises ArtefactError."""
        file = self._state / _PLAN
        return Plan.from_json(file.read_text("utf-8"), str(file)) if file.is_file() else None

    def claim_scratch(self, about: Mapping[str, Any]) -> None:
        """Empty the scratch folder unless it was made for the same input and model.

        A run that was killed before it had a plan leaves one; it must not serve another.
        """
        mark = self.scratch / _MARK
        text = json.dumps(about, sort_keys=True)
        if mark.is_file() and mark.read_text("utf-8") == text:
            return
        shutil.rmtree(self.scratch, ignore_errors=True)
        write_text(mark, text)

    def begin(self, plan: Plan) -> None:
        """Write the plan, before any shard."""
        write_text(self._state / _PLAN, plan.to_json())

    def add(self, kept: Kept) -> None:
        """Record a finished shard."""
        write_text(self._state / _SHARDS / f"{kept.index:06d}.json", json.dumps(asdict(kept)))

    def kept(self) -> list[Kept]:
        """The finished shards, in order; a record that cannot be read counts as none."""
        found = []
        for file in sorted((self._state / _SHARDS).glob("[0-9]*.json")):
            try:
                found.append(Kept(**json.loads(file.read_text("utf-8"))))
            except (ValueError, TypeError):
                file.unlink()
        return found

    def tidy(self) -> None:
        """Forget the plan and the records; the manifest holds them by now."""
        for name in (_SHARDS, _SCRATCH):
            shutil.rmtree(self._state / name, ignore_errors=True)
        (self._state / _PLAN).unlink(missing_ok=True)
        remove_leftovers(self._state)

    def clear(self) -> None:
        """Remove all that is in the folder but the lock."""
        for path in self._state.glob("*"):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()


def _lock(file: TextIO, path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The holder removes the file when it is done: what was opened before that is none.
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except OSError:
        return False


def write_manifest(path: Path, plan: Plan, kept: Sequence[Kept]) -> None:
    """Write what is there: the plan, every shard with its checksums, and the sums."""
    about = {
        "plan": json.loads(plan.to_json()),
        "run": plan.run_id,
        "rows": sum(one.rows for one in kept),
        "rejects": sum(one.rejects for one in kept),
        "shards": [asdict(one) for one in kept],
    }
    write_text(path, json.dumps(about, indent=1, sort_keys=True))


def read_manifest(path: Path) -> tuple[Plan, list[Kept]] | None:
    """The plan and the shards of a finished run; None without one. Raises ArtefactError."""
    if not path.is_file():
        return None
    about: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    plan = Plan.from_json(json.dumps(about["plan"]), str(path))
    return plan, [Kept(**one) for one in about["shards"]]


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of a killed run (see pipelines.atomic): `.name.ending.random`."""
    for pattern in (".part-*.*.*", "._*.*.*"):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)
