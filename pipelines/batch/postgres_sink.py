"""A table of forecasts in PostgreSQL, which a crash neither doubles nor lacks.

A shard is one transaction: its forecasts (bulk COPY into a temporary table, then an upsert by
the job's key), its rejects, and its line in `halyard_batch_shards`. After a crash the line
tells whether the shard is there; writing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from models.errors import ConfigError, DependencyError
from pipelines.batch.contract import REJECTS, BatchJob, DescribedJob, Kept, Made, Shard
from pipelines.batch.plan import Plan
from pipelines.batch.postgres_connection import connect, first_line, shown
from pipelines.batch.postgres_tables import (
    NULL,
    SHARDS,
    create_tables,
    quoted,
    quoted_table,
    refuse_other_table,
    rejects_table,
    texts,
)
from pipelines.batch.records import Records
from pipelines.batch.work import batch_schema, count_reasons
from pipelines.environment import halyard_home

if TYPE_CHECKING:
    import psycopg

#: Times that a shard is tried while the server restarts, and seconds before the first retry.
_TRIES, _PAUSE = 6, 0.5


@dataclass
class PostgresSink:
    """Plain data until `open`; the connection stays in its process.

    folder  of the plan, the records and the manifest of the run
    run     the plan's id; columns and key of the table: set by `prepare`
    """

    url: str
    table: str
    folder: Path
    run: str = ""
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    _connection: psycopg.Connection[Any] | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_connection": None}

    @property
    def state(self) -> Path:
        return self.folder

    @property
    def manifest(self) -> Path:
        return self.folder / "_manifest.json"

    def fingerprint(self) -> Mapping[str, Any]:
        return {"kind": "postgresql", "server": shown(self.url), "table": self.table}

    def prepare(self, plan: Plan, job: BatchJob) -> PostgresSink:
        """Create the tables that are missing. Raises ConfigError for a table of another shape."""
        schema = batch_schema(job)
        meanings = job.meanings if isinstance(job, DescribedJob) else {}
        import psycopg

        try:
            with connect(self.url) as connection:
                create_tables(connection, self.table, schema, job.key, meanings)
                refuse_other_table(connection, self.table, schema, job.key)
        except psycopg.Error as error:
            raise ConfigError(
                f"{shown(self.url)}, table {self.table}: cannot be made: {first_line(error)}"
            ) from error
        return replace(self, run=plan.run_id, columns=tuple(schema), key=tuple(job.key))

    def open(self) -> None:
        """Connect."""
        self._connection = connect(self.url)

    def keep(self, shard: Shard, made: Made) -> Kept:
        """Write a shard in one transaction, again if the server went away in the middle."""
        body = texts(made.forecasts)
        digest = hashlib.sha256(body).hexdigest()
        kept = Kept(
            shard.index,
            made.forecasts.height,
            made.rejects.height,
            {self.table: digest},
            count_reasons(made.rejects),
        )
        rejects = made.rejects.select(list(REJECTS))

        def write(connection: psycopg.Connection[Any]) -> None:
            self._upsert(connection, body)
            self._reject(connection, shard, rejects)
            self._record(connection, kept, digest)

        self._with_retries(write)
        return kept

    def holds(self, kept: Kept) -> bool:
        """Whether the transaction of an earlier run's shard was finished."""
        found: list[Any] = []

        def look(connection: psycopg.Connection[Any]) -> None:
            query = f"SELECT digest FROM {SHARDS} WHERE run = %s AND shard = %s"
            found.extend(connection.execute(query, (self.run, kept.index)).fetchall())

        self._with_retries(look)
        return found == [(kept.digests.get(self.table),)]

    def finish(self, _kept: Sequence[Kept]) -> None:
        """The rows are there."""
        self._close()

    def tidy(self) -> None:
        """Nothing but the run's folder, which holds the manifest."""
        self._close()

    def clear(self) -> None:
        """Forget an earlier run; its rows are replaced by those of the next."""
        Records(self.folder).clear()

    def _upsert(self, connection: psycopg.Connection[Any], body: bytes) -> None:
        table, columns = quoted_table(self.table), ", ".join(map(quoted, self.columns))
        _run(connection, f"CREATE TEMP TABLE stage (LIKE {table}) ON COMMIT DROP")
        _copy(connection, f"stage ({columns})", body)
        changed = [name for name in self.columns if name not in self.key]
        updates = ", ".join(f"{quoted(name)} = EXCLUDED.{quoted(name)}" for name in changed)
        key = ", ".join(map(quoted, self.key))
        # Of rows that are the same but for their place, as points may be, one is enough.
        _run(
            connection,
            f"INSERT INTO {table} ({columns}) SELECT DISTINCT ON ({key}) {columns} FROM stage "
            f"ON CONFLICT ({key}) DO UPDATE SET {updates}",
        )

    def _reject(
        self, connection: psycopg.Connection[Any], shard: Shard, rejects: pl.DataFrame
    ) -> None:
        table = quoted_table(rejects_table(self.table))
        connection.execute(
            f"DELETE FROM {table} WHERE run = %s AND shard = %s",
            (self.run, shard.index),
        )
        placed = rejects.select(
            pl.lit(self.run).alias("run"), pl.lit(shard.index).alias("shard"), pl.all()
        )
        columns = ", ".join(map(quoted, placed.columns))
        _copy(connection, f"{table} ({columns})", texts(placed))

    def _record(self, connection: psycopg.Connection[Any], kept: Kept, digest: str) -> None:
        connection.execute(
            f"INSERT INTO {SHARDS} (run, shard, rows, rejects, digest) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (run, shard) DO UPDATE SET rows = EXCLUDED.rows, "
            "rejects = EXCLUDED.rejects, digest = EXCLUDED.digest",
            (self.run, kept.index, kept.rows, kept.rejects, digest),
        )

    def _with_retries(self, do: Callable[[psycopg.Connection[Any]], None]) -> None:
        """Do it in one transaction; a lost connection is opened again."""
        import psycopg

        for attempt in range(_TRIES):
            try:
                connection = self._connection or connect(self.url)
                self._connection = connection
                with connection.transaction():
                    do(connection)
                return
            except (psycopg.OperationalError, DependencyError) as error:
                self._close()
                if attempt == _TRIES - 1:
                    raise DependencyError(
                        f"{shown(self.url)}: {first_line(error)}; what is written stays, go on "
                        "with --resume"
                    ) from error
                time.sleep(_PAUSE * 2**attempt)
            except psycopg.Error as error:
                self._close()
                raise DependencyError(
                    f"{shown(self.url)}, table {self.table}: {first_line(error)}"
                ) from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def postgres_sink(url: str, table: str) -> PostgresSink:
    """The sink of a table, such as forecasts or risk.forecasts. Raises ConfigError."""
    parts = table.split(".")
    if len(parts) > 2 or not all(part.isidentifier() for part in parts):
        raise ConfigError(
            f"--table: expected a name such as forecasts or risk.forecasts, got {table!r}"
        )
    key = hashlib.sha256(f"{shown(url)} {table}".encode()).hexdigest()[:12]
    return PostgresSink(url, table, halyard_home() / "batch" / f"{table}-{key}")


def _run(connection: psycopg.Connection[Any], statement: str) -> None:
    connection.execute(statement)


def _copy(connection: psycopg.Connection[Any], target: str, body: bytes) -> None:
    statement = f"COPY {target} FROM STDIN (FORMAT csv, NULL '{NULL}')"
    with connection.cursor().copy(statement) as copy:
        source = io.BytesIO(body)
        while block := source.read(1 << 20):
            copy.write(block)
