"""Rows of a PostgreSQL query, copied once to disk and then read like a file.

One COPY of one statement reads one snapshot, however long it takes and whatever is written
meanwhile; the copy lies in the run's folder, so that a resumed run has the same rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import polars as pl
import pyarrow.parquet as pq

from models.errors import DataError
from pipelines.atomic import write_atomic
from pipelines.batch.contract import Shard
from pipelines.batch.file_source import FileSource
from pipelines.batch.files import TableFile
from pipelines.batch.fund_source import FundRowSource, FundSource
from pipelines.batch.postgres_connection import connect, first_line, shown
from pipelines.batch.postgres_tables import NULL, quoted

if TYPE_CHECKING:
    import psycopg

#: Bytes of text that are turned into a table together, and rows that are looked at first.
CHUNK, HEAD = 16_000_000, 5_000
#: How rejects name the input.
LABEL = "--query"
#: Type of PostgreSQL -> ours; all others come as text.
_TYPES: dict[str, Any] = {
    "bool": pl.Boolean,
    **dict.fromkeys(("int2", "int4", "int8"), pl.Int64),
    **dict.fromkeys(("float4", "float8", "numeric"), pl.Float64),
    "date": pl.Date,
    **dict.fromkeys(("timestamp", "timestamptz"), pl.Datetime("us")),
}
#: What the reader of text makes itself.
_NUMBERS = (pl.Int64, pl.Float64)
_MOMENT = "YYYY-MM-DD HH24:MI:SS.US"


@dataclass(frozen=True)
class Query:
    """A statement on a server. Times come as UTC without a zone."""

    url: str
    statement: str

    def head(self, rows: int = HEAD) -> pl.DataFrame:
        """The first rows. Raises DataError for a statement that fails, DependencyError."""
        limited = replace(self, statement=f"SELECT * FROM ({self._bare}\n) AS head LIMIT {rows}")
        return pl.concat(list(limited.tables()))

    def tables(self) -> Iterator[pl.DataFrame]:
        """All rows, in pieces; the first has the columns even where there is no row."""
        import psycopg

        try:
            with connect(self.url) as connection:
                connection.read_only = True
                schema = self._schema(connection)
                with connection.cursor().copy(self._copy(schema)) as copy:
                    yield from (_parsed(text, schema) for text in _whole_rows(copy))
        except psycopg.Error as error:
            raise DataError(f"{LABEL} on {shown(self.url)}: {first_line(error)}") from error

    def spill(self, folder: Path) -> TableFile:
        """Copy all rows into one Parquet file, unless an earlier run has done so."""
        target = folder / "query.parquet"
        if not target.is_file():
            write_atomic(target, self._write)
        return TableFile(str(target), "parquet")

    def fingerprint(self) -> dict[str, Any]:
        """Server and statement; the rows are those of the first run."""
        return {"server": shown(self.url), "query": self.statement}

    @property
    def _bare(self) -> str:
        """Without the last semicolon. A line must end after it: it may end in a comment."""
        return self.statement.strip().rstrip(";")

    def _write(self, file: BinaryIO) -> None:
        writer: pq.ParquetWriter | None = None
        for table in self.tables():
            arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
            if writer is None:
                writer = pq.ParquetWriter(file, arrow.schema, compression="lz4")
            writer.write_table(arrow)
        if writer is not None:
            writer.close()

    def _schema(self, connection: psycopg.Connection[Any]) -> dict[str, str]:
        """Column -> type of PostgreSQL."""
        cursor = connection.execute(f"SELECT * FROM ({self._bare}\n) AS none LIMIT 0")
        columns = cursor.description or []
        found = {column.name: str(column.type_display).split("(")[0] for column in columns}
        if len(found) < len(columns):
            raise DataError(f"{LABEL}: two columns have one name; name them apart with AS")
        return {name: _short(kind) for name, kind in found.items()}

    def _copy(self, schema: dict[str, str]) -> str:
        columns = ", ".join(_selected(name, kind) for name, kind in schema.items())
        inner = f"SELECT {columns} FROM ({self._bare}\n) AS rows"
        return f"COPY ({inner}) TO STDOUT (FORMAT csv, NULL '{NULL}')"


def _short(kind: str) -> str:
    long = {
        "boolean": "bool",
        "smallint": "int2",
        "integer": "int4",
        "bigint": "int8",
        "real": "float4",
        "double precision": "float8",
    }
    return long.get(kind, kind)


def _selected(name: str, kind: str) -> str:
    column = quoted(name)
    if kind == "timestamptz":
        return f"to_char({column} AT TIME ZONE 'UTC', '{_MOMENT}') AS {column}"
    if kind == "timestamp":
        return f"to_char({column}, '{_MOMENT}') AS {column}"
    return column


def _whole_rows(copy: Any) -> Iterator[bytes]:
    """Text in pieces that end with a row: outside quotes, at the end of a line."""
    held: list[bytes] = []
    size, given = 0, False
    for block in copy:
        held.append(bytes(block))
        size += len(block)
        if size >= CHUNK:
            text = b"".join(held)
            end = _last_row(text)
            if end:
                yield text[:end]
                given = True
            held, size = [text[end:]], len(text) - end
    rest = b"".join(held)
    if rest or not given:
        yield rest


def _last_row(text: bytes) -> int:
    """Where the last whole row ends; 0 when there is none."""
    end = text.rfind(b"\n") + 1
    while end and text.count(b'"', 0, end) % 2:
        end = text.rfind(b"\n", 0, end - 1) + 1
    return end


def _parsed(text: bytes, schema: dict[str, str]) -> pl.DataFrame:
    types = {name: _TYPES.get(kind, pl.String) for name, kind in schema.items()}
    read = {n: kind if kind in _NUMBERS else pl.String for n, kind in types.items()}
    if not text:
        return pl.DataFrame(schema=types)
    frame = pl.read_csv(
        io.BytesIO(text),
        has_header=False,
        new_columns=list(types),
        schema=read,
        null_values=[NULL],
        empty_string_is_null=False,
    )
    return frame.with_columns(_value(name, kind) for name, kind in types.items())


def _value(name: str, kind: Any) -> pl.Expr:
    """A column as it is meant; a time beyond those of tables, such as infinity, is none."""
    column = pl.col(name)
    if kind == pl.Date:
        return column.str.to_date("%Y-%m-%d", strict=False)
    if kind == pl.Datetime("us"):
        return column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False)
    return column == "t" if kind == pl.Boolean else column


Inner = TypeVar("Inner", FileSource, FundSource, FundRowSource)


@dataclass(frozen=True)
class QuerySource:
    """A source of files whose one file is the copy of a query.

    inner  the source, made for the query's columns
    """

    query: Query
    inner: FileSource | FundSource | FundRowSource

    def fingerprint(self) -> dict[str, Any]:
        return self.query.fingerprint()

    def prepare(self, folder: Path) -> FileSource | FundSource | FundRowSource:
        """Copy the rows, and let the source cut them."""
        copied = self.query.spill(folder / "query")
        label = (TableFile(LABEL, "query"),)
        if isinstance(self.inner, FileSource):
            return replace(self.inner, files=label, tables=(copied,)).prepare(folder)
        files = replace(self.inner.files, files=label, tables=(copied,))
        return replace(self.inner, files=files).prepare(folder)

    def shards(self) -> Sequence[Shard]:
        """There are none before `prepare`."""
        raise RuntimeError("the source was not prepared")

    def read(self, shard: Shard) -> tuple[pl.DataFrame, pl.DataFrame]:
        """As `shards`."""
        raise RuntimeError(f"the source was not prepared ({shard.name})")


def as_file(frame: pl.DataFrame, folder: Path) -> FileSource:
    """The first rows of a query as a file, from which a source is made."""
    path = folder / LABEL
    frame.write_parquet(path)
    return FileSource((TableFile(str(path), "parquet"),))
