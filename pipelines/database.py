"""Databases of runs, outcomes and forecasts: SQLite in HALYARD_HOME, or a PostgreSQL server.

The default needs no server. A URL such as postgresql://user@host/name, given by an option
or by HALYARD_DATABASE, puts the same tables on a server that several machines share.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from models.errors import ConfigError, DependencyError
from pipelines.environment import halyard_home

VARIABLE = "HALYARD_DATABASE"
#: Seconds that a writer of SQLite waits for another.
_PATIENCE = 60


def database_url(given: str | None = None) -> str:
    """The URL to use: the one given, HALYARD_DATABASE, or SQLite in HALYARD_HOME."""
    default = f"sqlite:///{halyard_home() / 'halyard.db'}"
    return given or os.environ.get(VARIABLE) or default


def open_database(url: str | None = None, patience: int | None = None) -> Engine:
    """Connect, and say in one line why when that fails.

    patience  seconds that a server may take to answer, or another process to write to SQLite;
              a minute for SQLite and no limit for a server without any

    Raises ConfigError for a URL that is none, DependencyError for a database that does not
    answer or whose driver is not installed.
    """
    parts = _parsed(database_url(url))
    local = parts.drivername.startswith("sqlite")
    if local and parts.database:
        Path(parts.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        arguments = _patient(local, patience)
        engine = create_engine(parts, connect_args=arguments, pool_pre_ping=not local)
        if local:
            event.listen(engine, "connect", _write_ahead)
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except ImportError as error:
        raise DependencyError(
            f"database {shown(parts)}: its driver is not installed; run "
            "pip install 'halyard[postgresql]'"
        ) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DependencyError(f"database {shown(parts)}: cannot be opened: {reason}") from error
    return engine


def _patient(local: bool, patience: int | None) -> dict[str, Any]:
    if local:
        return {"timeout": _PATIENCE if patience is None else patience}
    if patience is None:
        return {}
    limit = f"-c statement_timeout={1000 * patience}"
    return {"connect_timeout": patience, "options": limit}


def shown(url: URL | str) -> str:
    """A URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _parsed(url: str) -> URL:
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            f"database {url!r}: expected a URL such as sqlite:///halyard.db or "
            "postgresql://user@host/name"
        ) from error
    name = parts.get_backend_name()
    if name not in ("sqlite", "postgresql"):
        raise ConfigError(
            f"database {shown(parts)}: expected sqlite:// or postgresql://, got {name}://"
        )
    return parts.set(drivername="postgresql+psycopg") if name == "postgresql" else parts


def _write_ahead(connection: Any, _record: Any) -> None:
    # Readers then never wait for a writer.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
