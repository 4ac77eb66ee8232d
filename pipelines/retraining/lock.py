"""One retraining of a name at a time on one home folder; a killed one lets go at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import ConfigError
from pipelines.retraining.folder import runs_folder


@contextmanager
def sole_run(name: str) -> Iterator[None]:
    """Hold the lock of a name. Raises ConfigError when another process has it."""
    file = runs_folder(name) / "lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    # The file stays: who removes a lock file may remove one that another just locked.
    with file.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise ConfigError(
                f"retrain {name}: another run is in progress (process "
                f"{handle.read().strip() or 'unknown'}, {file}); wait for it to end"
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield
