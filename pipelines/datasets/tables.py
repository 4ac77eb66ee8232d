"""Open CSV and Parquet files as lazy tables, with one clear message for each bad file."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from models.errors import DataError

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_PARQUET = (".parquet", ".pq")
_MISSING = (
    *("", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "none", "missing"),
    *("-", "--", "\u2013", "\u2014", "."),
)
_GZIP = ".gz"
ROW = "__row"


@dataclass(frozen=True)
class Table:
    """A file as a lazy polars table.

    lazy       cells as stored; text in a CSV, so that a bad cell can be named
    schema     column -> type
    separator  of a CSV; empty for Parquet

    The column `ROW` holds the 1-based row: the header counts in CSV.
    """

    file: Path
    lazy: pl.LazyFrame
    schema: pl.Schema
    separator: str = ""

    @property
    def names(self) -> list[str]:
        return self.schema.names()

    @property
    def stem(self) -> str:
        """Name of the file without its ending."""
        return self.file.name.partition(".")[0] or self.file.name

    def collect(self, lazy: pl.LazyFrame) -> pl.DataFrame:
        """Run a query on the file; DataError where the file proves unreadable."""
        try:
            return lazy.collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(self._fault(error)) from error

    def _fault(self, error: Exception) -> str:
        """Find the row of a CSV that polars could not read; its message does not name it."""
        if not self.separator:
            return f"{self.file}: not a readable Parquet file ({_first_line(error)})"
        try:
            with _text(self.file) as lines:
                for row, cells in enumerate(csv.reader(lines, delimiter=self.separator), start=1):
                    if len(cells) > len(self.names):
                        return f"{self.file}, row {row}: {self._too_long(len(cells))}"
        except (UnicodeDecodeError, csv.Error):
            return f"{self.file}: not UTF-8 text; save it as CSV in UTF-8"
        return f"{self.file}: not a readable CSV file ({_first_line(error)})"

    def _too_long(self, cells: int) -> str:
        if len(self.names) > 1:
            return (
                f"{cells} cells under {len(self.names)} column names; "
                "quote cells that hold a separator"
            )
        return (
            f"{cells} cells, but row 1 holds {self.names[0]!r} only; "
            "expected the column names in row 1: remove what stands above them"
        )


def open_table(path: str | Path) -> Table:
    """Open a file lazily.

    Raises DataError if the file is absent, empty, of an unknown kind, damaged,
    not UTF-8, or names a column twice.
    """
    file = Path(path)
    suffix = Path(file.stem).suffix.lower() if _is_gzip(file) else file.suffix.lower()
    if file.is_dir():
        raise DataError(f"{file}: expected a file, got a folder")
    if suffix not in _SEPARATORS and suffix not in _PARQUET:
        kind = f"{suffix!r}" if suffix else "no extension"
        raise DataError(f"{file}: expected a .csv, .tsv or .parquet file (.csv.gz too); got {kind}")
    if not file.is_file():
        raise DataError(f"{file}: no such file")
    if file.stat().st_size == 0:
        raise DataError(f"{file}: the file is empty; expected a header and rows")
    return _open_parquet(file) if suffix in _PARQUET else _open_csv(file, _SEPARATORS[suffix])


def _open_parquet(file: Path) -> Table:
    lazy = pl.scan_parquet(file)
    try:
        schema = lazy.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{file}: not a readable Parquet file ({_first_line(error)})") from error
    return Table(file, lazy.with_row_index(ROW, offset=1), schema)


def _open_csv(file: Path, usual: str) -> Table:
    header, blank = _header(file)
    # Spreadsheets of many countries write ";" into files that are named .csv.
    separator = max((usual, ";", "\t", ",", "|"), key=header.count)
    found = next(csv.reader([header], delimiter=separator), [])
    # Spreadsheets leave columns without a name, as a rule empty ones.
    names = [name or f"unnamed_{place}" for place, name in enumerate(found, start=1)]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise DataError(
            f"{file}, row {blank + 1}: column {twice[0]!r} occurs twice; rename one of them"
        )
    # Missing UTF-8 characters must fail here, not turn into replacement marks.
    lazy = pl.scan_csv(
        file,
        separator=separator,
        infer_schema=False,
        encoding="utf8",
        new_columns=names,
        skip_lines=blank,
    )
    schema = pl.Schema(dict.fromkeys(names, pl.String))
    return Table(file, lazy.with_row_index(ROW, offset=2 + blank), schema, separator)


def _header(file: Path) -> tuple[str, int]:
    """Return the line of the column names, and how many blank lines stand above it."""
    try:
        with _text(file) as lines:
            header, blank = lines.readline(), 0
            while header and not header.strip():
                header, blank = lines.readline(), blank + 1
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 text; save it as CSV in UTF-8") from error
    except (OSError, EOFError) as error:
        raise DataError(f"{file}: not a readable file ({_first_line(error)})") from error
    if "\0" in header:
        raise DataError(f"{file}: binary content; expected CSV text")
    if not header:
        raise DataError(f"{file}: the file is empty; expected a header and rows")
    return header.rstrip("\r\n"), blank


def _is_gzip(file: Path) -> bool:
    return file.suffix.lower() == _GZIP


def _text(file: Path) -> IO[str]:
    if _is_gzip(file):
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def text_cells(name: str) -> pl.Expr:
    """Return a column as trimmed text, null where it holds a usual mark of a missing value."""
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text.str.to_lowercase().is_in(list(_MISSING))).then(None).otherwise(text)


def id_cells(name: str) -> pl.Expr:
    """Return a column of names as trimmed text; a fund may well be called NA or None."""
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text == "").then(None).otherwise(text)


def median(values: pl.Series) -> float | None:
    """Return the median of the values that are there, or None without any."""
    known = values.cast(pl.Float64).drop_nulls()
    return float(np.median(known.to_numpy())) if known.len() else None
