"""What a server was started with, told by BentoML's parent to its workers.

A worker that is started again, say after the kernel ended it for its memory, must not end
the server because a bad model was promoted since: it answers with an earlier one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import partial

from models.errors import ArtefactError
from pipelines.registry import PREVIOUS
from pipelines.served import GROUPS, Choice, choose, chosen_before

VARIABLE = "HALYARD_STARTED_WITH"


def tell_workers(versions: Mapping[str, str]) -> None:
    """Leave the versions, by name, to the processes that this one starts."""
    os.environ[VARIABLE] = json.dumps({"parent": os.getpid(), "versions": dict(versions)})


def told_by_parent() -> dict[str, str] | None:
    """Versions by name; None in a process that no server started."""
    told = json.loads(os.environ.get(VARIABLE, "null"))
    # A process further down inherits the variable as well, and is no worker.
    if told is None or told["parent"] != os.getppid():
        return None
    return {str(name): str(version) for name, version in told["versions"].items()}


def earlier(name: str) -> Iterator[Choice]:
    """What a worker may answer with when the champion cannot be served, the best first.

    None where nothing was promoted since the server started, nor in other processes: a
    server that is started anew should say that it cannot serve what it is told to.
    """
    versions = told_by_parent()
    if versions is None or not _promoted_since(name, versions):
        return
    for find in (partial(choose, name, PREVIOUS), partial(chosen_before, name, versions)):
        try:
            choice = find()
        except ArtefactError:
            # Deleted meanwhile.
            continue
        if choice.models:
            yield choice


def _promoted_since(name: str, versions: Mapping[str, str]) -> bool:
    started = {member: versions[member] for member in GROUPS[name] if member in versions}
    try:
        return choose(name).versions != started
    except ArtefactError:
        # What the parent found could be read.
        return True
