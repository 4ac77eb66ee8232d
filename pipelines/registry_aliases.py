"""Who is champion, challenger and previous: one small file a name, replaced as a whole.

::

    $HALYARD_HOME/aliases/fund-sharpe.json
        {"champion": "<version>", "challenger": ..., "previous": ..., "change": "<id>"}

This file alone decides who is served. "change" is the audit record of the change that
made it so, by which a change that was cut short is told from one that was made.
Readers need no lock; writers hold one, so that two never mix.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import IO

from models.errors import ArtefactError
from pipelines.environment import halyard_home
from pipelines.registry_version import is_word

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
ALIASES = (CHAMPION, CHALLENGER, PREVIOUS)
#: Seconds that a writer waits for another; a change takes milliseconds.
PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Aliases:
    """Versions by alias, None where there is none, and the change that led here."""

    champion: str | None = None
    challenger: str | None = None
    previous: str | None = None
    change: str | None = None

    def promoted(self, version: str) -> Aliases:
        """The same with another champion; the old one becomes the previous."""
        before = self.previous if version == self.champion else self.champion
        # A version has one role: it is not kept as its own predecessor.
        return replace(
            self._without_challenger(version),
            champion=version,
            previous=None if before == version else before,
        )

    def challenged(self, version: str) -> Aliases:
        """The same with another challenger."""
        return replace(self, challenger=version)

    def rolled_back(self) -> Aliases:
        """The same with champion and previous in each other's place."""
        restored = replace(self, champion=self.previous, previous=self.champion)
        return restored._without_challenger(self.previous)

    def same_as(self, other: Aliases) -> bool:
        """Whether all three name the same versions."""
        return replace(self, change=None) == replace(other, change=None)

    def _without_challenger(self, version: str | None) -> Aliases:
        return replace(self, challenger=None) if self.challenger == version else self


def aliases(name: str) -> dict[str, str]:
    """Versions of a name by alias; an alias that nobody holds is left out.

    Raises ArtefactError for a damaged file.
    """
    found = asdict(read_aliases(name))
    return {alias: found[alias] for alias in ALIASES if found[alias] is not None}


def alias_version(name: str, alias: str) -> str | None:
    """Version that holds an alias, None when there is none. Raises ArtefactError."""
    return aliases(name).get(alias)


def read_aliases(name: str) -> Aliases:
    """The aliases of a name. Raises ArtefactError for a damaged file."""
    file = alias_path(name, ".json")
    try:
        found = json.loads(file.read_text("utf-8"))
        if not all(isinstance(value, str) for value in found.values()):
            raise ValueError("expected texts")
        return Aliases(**found)
    except FileNotFoundError:
        return Aliases()
    except (ValueError, TypeError, AttributeError) as error:
        known = ", ".join(field.name for field in fields(Aliases))
        raise ArtefactError(
            f'{file}: expected {{"{CHAMPION}": "<version>"}} with some of {known}; delete the '
            f"file and promote again with `halyard models promote {name}:<version>`"
        ) from error


def write_aliases(name: str, wanted: Aliases) -> None:
    """Replace the file of a name, durably. The caller holds the lock."""
    # Imported here: polars comes with it, and a reader of aliases needs none.
    from pipelines.atomic import flush_folder, write_text

    # What a killed writer left behind: while the lock is held, nobody else writes.
    for stray in aliases_folder().glob(f".{name}.json.*"):
        stray.unlink(missing_ok=True)
    kept = {key: value for key, value in asdict(wanted).items() if value is not None}
    write_text(alias_path(name, ".json"), json.dumps(kept, indent=1) + "\n")
    flush_folder(aliases_folder())


def aliases_folder() -> Path:
    """Where aliases, their locks and their audit logs lie."""
    return halyard_home() / "aliases"


def alias_path(name: str, ending: str) -> Path:
    """A file that belongs to the aliases of a name. Raises ArtefactError for an unfit name."""
    if not is_word(name):
        raise ArtefactError(f"no model can be called {name!r}; see `halyard models list`")
    return aliases_folder() / f"{name}{ending}"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Keep other processes from changing the aliases of a name; ends with the process.

    Raises ArtefactError when another holds it too long, or the folder cannot be written to.
    """
    file = alias_path(name, ".lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The file stays: who removes a lock file may remove one that another just locked.
        handle = file.open("a", encoding="utf-8")
    except OSError as error:
        raise ArtefactError(
            f"{file}: cannot be written ({error.strerror}); give this user write access to it"
        ) from error
    with handle:
        _acquire(handle, file)
        yield


def _acquire(handle: IO[str], file: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ArtefactError(
                    f"{file}: another process has held this lock for {PATIENCE_SECONDS:.0f} s; "
                    f"see who with `fuser {file}`, and try again when it is done"
                ) from None
        time.sleep(_POLL_SECONDS)
