"""Rows of files, in their order, cut into ranges of rows; any job over single rows reads so.

CSV is first turned into Parquet (all cells as text) in the run's scratch folder, because a
row of a CSV can only be found by reading all before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from models.errors import DataError
from pipelines.atomic import write_atomic
from pipelines.batch.contract import FILE, ROW, Shard
from pipelines.batch.files import TableFile, find_tables
from pipelines.batch.work import no_rejects
from pipelines.datasets import tables as csv_tables

#: Rows of one shard, unless the memory allows fewer.
ROWS_PER_SHARD = 500_000


@dataclass(frozen=True)
class Piece:
    """A range of rows of one file: place of the file, rows before, number of rows."""

    file: int
    start: int
    rows: int


@dataclass(frozen=True)
class FileSource:
    """Files as one table, a range of rows to a shard.

    columns         to read; None for all
    rows_per_shard  at most
    tables          what is read instead of each file, once CSV has been turned into Parquet
    """

    files: tuple[TableFile, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    rows_per_shard: int = ROWS_PER_SHARD
    tables: tuple[TableFile, ...] | None = None

    @classmethod
    def open(
        cls,
        text: str,
        options: Mapping[str, str] | None = None,
        columns: Sequence[str] | None = None,
        rows_per_shard: int = ROWS_PER_SHARD,
    ) -> FileSource:
        """Find the files that `text` names. Raises DataError."""
        files = tuple(find_tables(text, options or {}))
        chosen = None if columns is None else tuple(columns)
        return cls(files, dict(options or {}), chosen, rows_per_shard)

    def fingerprint(self) -> Mapping[str, Any]:
        """Names, sizes, times and samples of the files."""
        return {
            "files": [file.identity() for file in self.files],
            "columns": None if self.columns is None else list(self.columns),
        }

    def prepare(self, folder: Path) -> FileSource:
        """Turn CSV into Parquet, where an earlier run has not done so already."""
        if self.tables is not None:
            return self
        if all(file.kind != "csv" for file in self.files):
            return replace(self, tables=self.files)
        made = [_converted(file, folder / "csv", place) for place, file in enumerate(self.files)]
        return replace(self, tables=tuple(made))

    def shards(self) -> Sequence[Shard]:
        """Ranges of about the same size, which may reach over several small files."""
        pieces = [
            Piece(place, start, min(self.rows_per_shard, rows - start))
            for place, rows in enumerate(self.row_counts())
            for start in range(0, rows, self.rows_per_shard)
        ]
        return [
            Shard(index, sum(piece.rows for piece in group), as_where(group))
            for index, group in enumerate(_grouped(pieces, self.rows_per_shard))
        ]

    def read(self, shard: Shard) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows as they stand, with FILE and ROW; nothing is judged here."""
        parts = [self.read_piece(piece) for piece in as_pieces(shard.where)]
        if len(parts) == 1:
            return parts[0], no_rejects()
        return pl.concat(parts, how="vertical_relaxed"), no_rejects()

    def row_counts(self) -> list[int]:
        """Rows of each file."""
        return [
            self.collect(place, self.scan(place).select(pl.len())).item()
            for place in range(len(self.files))
        ]

    def names(self) -> list[str]:
        """Columns of the first file, and those of its folders."""
        return self.schema().names()

    def schema(self) -> pl.Schema:
        """Column -> type of the first file, without FILE and ROW. Raises DataError."""
        found = self.collect(0, self.scan(0).head(0)).schema
        return pl.Schema({name: kind for name, kind in found.items() if name not in (FILE, ROW)})

    def scan(self, place: int) -> pl.LazyFrame:
        """One file with the columns of its folders, lazily; CSV after `prepare` only."""
        file = self.read_files[place]
        partition = [_typed(name, value) for name, value in self.files[place].partition]
        return file.scan(self.options).with_columns(partition)

    def read_piece(self, piece: Piece) -> pl.DataFrame:
        """A range of rows of one file."""
        lazy = self.scan(piece.file).slice(piece.start, piece.rows)
        converted = self.files[piece.file].kind == "csv"
        wanted = None if self.columns is None else [*self.columns, *([ROW] if converted else [])]
        if wanted is not None:
            lazy = lazy.select(wanted)
        frame = self.collect(piece.file, lazy)
        if not converted:
            frame = frame.with_columns(
                pl.int_range(piece.start + 1, piece.start + 1 + frame.height).alias(ROW)
            )
        names = pl.Enum([file.path for file in self.files])
        return frame.with_columns(pl.lit(self.files[piece.file].path, names).alias(FILE))

    def frame(self, piece: Piece, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of a range of rows."""
        lazy = self.scan(piece.file).slice(piece.start, piece.rows).select(columns)
        return self.collect(piece.file, lazy)

    @property
    def read_files(self) -> tuple[TableFile, ...]:
        """What is read: the files, or what CSV was turned into."""
        return self.files if self.tables is None else self.tables

    def collect(self, place: int, lazy: pl.LazyFrame) -> pl.DataFrame:
        """Run a query on one file; DataError, with its name, where it cannot be read."""
        file = self.files[place].path
        try:
            return lazy.collect()
        except pl.exceptions.ColumnNotFoundError as error:
            column = str(error).strip().splitlines()[0]
            raise DataError(
                f"{file}: has no column {column}, which {self.files[0].path} has; all files need "
                "the same columns"
            ) from error
        except (pl.exceptions.PolarsError, OSError) as error:
            kind = {"ipc": "Arrow IPC"}.get(self.files[place].kind, "Parquet")
            reason = str(error).strip().splitlines()[0]
            raise DataError(f"{file}: not a readable {kind} file ({reason})") from error


def as_where(pieces: Sequence[Piece]) -> dict[str, Any]:
    """Pieces as plain data."""
    return {"pieces": [[piece.file, piece.start, piece.rows] for piece in pieces]}


def as_pieces(where: Mapping[str, Any]) -> list[Piece]:
    """Inverse of `as_where`."""
    return [Piece(*numbers) for numbers in where["pieces"]]


def _grouped(pieces: Sequence[Piece], most: int) -> Iterator[list[Piece]]:
    """Neighbouring pieces, together at most so many rows."""
    group: list[Piece] = []
    for piece in pieces:
        if group and sum(one.rows for one in group) + piece.rows > most:
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _typed(name: str, value: str) -> pl.Expr:
    """A folder's value as a column: a whole number where it is one."""
    number = int(value) if value.lstrip("-").isdigit() else value
    return pl.lit(number).alias(name)


def _converted(file: TableFile, folder: Path, place: int) -> TableFile:
    target = folder / f"{place:06d}.parquet"
    if not target.is_file():
        if file.is_remote:
            raise DataError(f"--input {file.path}: fetch CSV files first, or store them as Parquet")
        table = csv_tables.open_table(file.path)
        lazy = table.lazy.rename({csv_tables.ROW: ROW}).with_columns(pl.col(ROW).cast(pl.Int64))
        try:
            write_atomic(target, lambda out: lazy.sink_parquet(out, compression="lz4"))
        except (pl.exceptions.PolarsError, OSError):
            # Reading again finds the row at fault.
            table.collect(table.lazy.select(pl.len()))
            table.collect(table.lazy)
            raise
    return TableFile(str(target), "parquet", file.partition)
