"""One row per run in a database: what was decided, on which evidence, how long it took."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Float,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from pipelines.database import open_database
from pipelines.environment import halyard_home

_METADATA = MetaData()
#: The key holds host and home, so that machines which share a database keep apart.
RUNS = Table(
    "halyard_retraining_runs",
    _METADATA,
    Column("run", String(80), primary_key=True),
    Column("name", String(63), primary_key=True),
    Column("place", String(400), primary_key=True, comment="host and HALYARD_HOME"),
    Column("state", String(20), nullable=False, comment="running, stopped, failed, done, …"),
    Column("step", String(20), comment="the newest finished step"),
    Column("decision", String(20), comment="not needed, kept, promoted, challenger, refused"),
    Column("why", Text),
    Column("champion", String(63), comment="version that was to be beaten"),
    Column("challenger", String(63), comment="version that was saved"),
    Column("data_last", String(40), comment="newest period or hour of the data"),
    Column("started", DateTime(timezone=True), nullable=False),
    Column("changed", DateTime(timezone=True), nullable=False),
    Column("seconds", Float, comment="of work, over all attempts"),
    Column("steps", Text, comment="JSON: step -> seconds"),
    Column("evidence", Text, comment="JSON: tests, coverage, latency"),
    Column("report", Text, comment="path of the HTML report"),
)


class RunsTable:
    """The table in one database; SQLite in HALYARD_HOME unless a URL says another."""

    def __init__(self, url: str | None = None) -> None:
        self._engine: Engine = open_database(url)
        _METADATA.create_all(self._engine, checkfirst=True)

    def put(self, name: str, run: str, row: Mapping[str, Any]) -> None:
        """Write the row of a run, whole; twice is the same as once."""
        key = {"run": run, "name": name, "place": place()}
        mine = [RUNS.c[column] == value for column, value in key.items()]
        stamped = {**row, **key, "changed": datetime.now(UTC)}
        with self._engine.begin() as connection:
            connection.execute(delete(RUNS).where(*mine))
            connection.execute(insert(RUNS).values(stamped))

    def abandon_others(self, name: str, run: str) -> None:
        """Mark runs of this place that were left unfinished, now that another one began."""
        open_ones = RUNS.c.state.in_(("running", "open", "stopped", "failed"))
        here = (RUNS.c.name == name, RUNS.c.place == place(), RUNS.c.run != run)
        change = update(RUNS).where(*here, open_ones).values(state="abandoned")
        with self._engine.begin() as connection:
            connection.execute(change)

    def rows(self, name: str | None = None, limit: int = 100) -> Sequence[dict[str, Any]]:
        """Runs, the newest first, JSON columns read."""
        wanted = select(RUNS).order_by(RUNS.c.started.desc(), RUNS.c.run.desc()).limit(limit)
        if name is not None:
            wanted = wanted.where(RUNS.c.name == name)
        with self._engine.connect() as connection:
            found = [dict(row) for row in connection.execute(wanted).mappings()]
        for row in found:
            for column in ("started", "changed"):
                # SQLite keeps no zone; what was written is UTC.
                row[column] = row[column].replace(tzinfo=row[column].tzinfo or UTC)
            for column in ("steps", "evidence"):
                row[column] = json.loads(row[column]) if row[column] else None
        return found

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def place() -> str:
    """Which machine and which home a run belongs to."""
    return f"{socket.gethostname()}:{halyard_home()}"
