"""The tables of forecasts in PostgreSQL: their types, their making, rows as text for COPY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from models.errors import ConfigError

if TYPE_CHECKING:
    import psycopg

NULL = "\\N"
_WORDS = (pl.String, pl.Categorical, pl.Enum)
#: One at a time makes tables: two runs that begin together would both try.
_LOCK = 4711
#: Name of the table of finished shards; its columns and those of a table of rejects.
SHARDS = "halyard_batch_shards"
_SHARDS = (
    "run text, shard bigint, rows bigint, rejects bigint, digest text, PRIMARY KEY (run, shard)"
)
_REJECTS = 'run text, shard bigint, "where" text, id text, reason text'


def sql_type(kind: Any) -> str:
    """Type of PostgreSQL for one of polars."""
    base = kind.base_type() if hasattr(kind, "base_type") else kind
    if base in _WORDS:
        return "text"
    if base == pl.Datetime:
        return "timestamptz" if getattr(kind, "time_zone", None) else "timestamp"
    return {
        pl.Float32: "real",
        pl.Float64: "double precision",
        pl.Boolean: "boolean",
        pl.Date: "date",
    }.get(base, "bigint")


def create_tables(
    connection: psycopg.Connection[Any],
    table: str,
    schema: Mapping[str, Any],
    key: Sequence[str],
    meanings: Mapping[str, str],
) -> None:
    """Make what is missing: the table, that of its rejects, that of shards.

    A table that is there is only looked at, so that an account which may write rows but not
    make tables can be used.
    """
    connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
    columns = ", ".join(f"{quoted(name)} {sql_type(kind)}" for name, kind in schema.items())
    words = ", ".join(map(quoted, key))
    if _made(connection, table, f"{columns}, PRIMARY KEY ({words})"):
        _comment(connection, table, {n: meanings[n] for n in schema if n in meanings})
    _made(connection, rejects_table(table), _REJECTS)
    _made(connection, SHARDS, _SHARDS)


def _made(connection: psycopg.Connection[Any], table: str, columns: str) -> bool:
    """Make a table unless it is there; whether it was made."""
    name = quoted_table(table)
    (there,) = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchall()
    if not there[0]:
        connection.execute(f"CREATE TABLE {name} ({columns})")
    return not there[0]


def _comment(connection: psycopg.Connection[Any], table: str, meanings: Mapping[str, str]) -> None:
    from psycopg import sql

    words = sql.SQL("COMMENT ON COLUMN {} IS {}")
    for name, meaning in meanings.items():
        connection.execute(words.format(sql.Identifier(*table.split("."), name), meaning))


def refuse_other_table(
    connection: psycopg.Connection[Any], table: str, schema: Mapping[str, Any], key: Sequence[str]
) -> None:
    """Raise ConfigError unless the table has the columns and the key of the forecasts."""
    cursor = connection.execute(f"SELECT * FROM {quoted_table(table)} LIMIT 0")
    found = {column.name for column in cursor.description or ()}
    missing = [name for name in schema if name not in found]
    query = (
        "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid "
        "AND attnum = ANY(indkey) WHERE indrelid = %s::regclass AND indisprimary"
    )
    known = {row[0] for row in connection.execute(query, (quoted_table(table),))}
    if missing or known != set(key):
        what = f"column {missing[0]!r}" if missing else f"the key {', '.join(key)}"
        raise ConfigError(
            f"--table {table}: exists without {what}, which these forecasts have; give another "
            "table"
        )


def rejects_table(table: str) -> str:
    """Name of the table of rejects that goes with one of forecasts."""
    return f"{table}_rejects"


def quoted(name: str) -> str:
    """A column's name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def quoted_table(name: str) -> str:
    """The name of a table, or schema.table, in quotes."""
    return ".".join(map(quoted, name.split(".")))


def texts(frame: pl.DataFrame) -> bytes:
    """Rows as CSV for COPY; the same rows give the same bytes."""
    moments = [
        pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S%.6f" + ("+00" if kind.time_zone else ""))
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime)
    ]
    # A text with a zero byte is none to PostgreSQL, and one bad name may not end a run.
    words = [
        pl.col(name).str.replace_all("\0", "\ufffd", literal=True)
        for name, kind in frame.schema.items()
        if kind == pl.String
    ]
    plain = frame.with_columns(*moments, *words)
    # In quotes, so that a text that reads like NULL is not taken for it.
    text = plain.write_csv(include_header=False, null_value=NULL, quote_style="non_numeric")
    return text.encode()
