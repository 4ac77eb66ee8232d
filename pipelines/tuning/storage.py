"""The database of a study: opened, locked for the moment in which a trial is taken.

On one machine a file lock tells a dead process from a slow one. On a PostgreSQL server an
advisory lock orders the machines, and heartbeats tell who is dead. Both locks go with the
process that holds them, however it ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from models.errors import ConfigError, DependencyError
from pipelines.tuning.settings import TuningSettings

#: What a turn on a server begins with. A machine that has lost its power, or was put to sleep,
#: in the milliseconds of its turn loses it, so that the others do not wait for ever.
TURN = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 4",
    "SET idle_in_transaction_session_timeout = '60s'",
)


def open_storage(url: str, heartbeat_seconds: int) -> optuna.storages.RDBStorage:
    """Connect. Raises ConfigError for what is no URL, DependencyError when it cannot be used."""
    with opening(url), warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        local = sqlite_file(url) is not None
        storage = optuna.storages.RDBStorage(
            url,
            engine_kwargs={"connect_args": {"timeout": 120}} if local else None,
            heartbeat_interval=None if local else heartbeat_seconds,
        )
    if local:
        # Readers then never wait for writers, and a commit does not wait for the disk:
        # a killed process loses nothing, a power cut at most the last commits.
        event.listen(storage.engine, "connect", _write_ahead)
        storage.engine.dispose()
    return storage


@contextmanager
def opening(url: str) -> Iterator[None]:
    """Say in one line why a database cannot be opened; raises DependencyError then."""
    try:
        yield
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise DependencyError(f"storage {shown(url)}: cannot be opened: {reason(error)}") from error


@contextmanager
def told_when_lost(url: str) -> Iterator[None]:
    """Say in one line when the database goes away; raises DependencyError then."""
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        raise DependencyError(
            f"storage {shown(url)}: {reason(error)}; nothing that was finished is lost, "
            "run the same command again to go on"
        ) from error


def _write_ahead(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def shown(url: str) -> str:
    """Return the URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def reason(error: BaseException) -> str:
    """The first line of what a database says."""
    cause = error.__cause__ if isinstance(error, optuna.exceptions.StorageInternalError) else None
    said = getattr(cause or error, "orig", None) or cause or error
    return str(said).strip().splitlines()[0]


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite URL, None for a database server."""
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            f"storage {url!r}: expected a URL such as sqlite:///study.db or "
            f"postgresql://user@host/name"
        ) from error
    if not parts.drivername.startswith("sqlite"):
        return None
    if not parts.database or parts.database == ":memory:":
        raise ConfigError(f"storage {url!r}: expected a file, which a killed study can go on from")
    return Path(parts.database)


def without_heartbeat(study: str, storage: str) -> set[int]:
    """Numbers of running trials on a server that have never shown that they are alive."""
    query = text(
        "SELECT trials.number FROM trials JOIN studies USING (study_id) "
        "LEFT JOIN trial_heartbeats USING (trial_id) WHERE study_name = :study "
        "AND trials.state = 'RUNNING' AND trial_heartbeats.trial_id IS NULL"
    )
    with create_engine(storage, poolclass=NullPool).connect() as connection:
        return {int(row[0]) for row in connection.execute(query, {"study": study})}


@contextmanager
def sole_user(settings: TuningSettings, storage: str) -> Iterator[bool]:
    """Hold the study for this process; yields whether every other user is surely dead.

    A database server is left to its heartbeat, since other machines may be at work.
    """
    database = sqlite_file(storage)
    if database is None:
        yield False
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    lock = database.with_name(f"{database.name}.{settings.study}.lock")
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"study {settings.study!r} in {database} is being tuned by another process; "
                f"wait for it, or name another study or output folder"
            ) from error
        yield True


@contextmanager
def turn(study: str, storage: str) -> Iterator[Callable[[], None]]:
    """Wait for this process's turn to take a trial; call what it yields to end it early.

    One process at a time, over all workers and machines, counts the trials and takes the
    next: so no trial is run twice, and none beyond the total.
    """
    database = sqlite_file(storage)
    if database is None:
        with _server_turn(study, storage) as end:
            yield end
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_name(f"{database.name}.{study}.turn").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield lambda: fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def _server_turn(study: str, storage: str) -> Iterator[Callable[[], None]]:
    key = int.from_bytes(hashlib.sha256(study.encode()).digest()[:8], "big", signed=True)
    connection = create_engine(storage, poolclass=NullPool).connect()

    def end() -> None:
        # Raises when the server took the turn away, so that nobody works on without it.
        connection.commit()
        connection.close()

    try:
        for each in TURN:
            connection.execute(text(each))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
        yield end
    finally:
        connection.close()
