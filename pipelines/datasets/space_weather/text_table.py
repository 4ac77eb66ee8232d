"""A table of texts that knows its file and lines, so that a bad cell can be named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]
DayArray = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class TextTable:
    """Rows of texts under named columns.

    file     name for messages
    names    columns
    rows     row × column, stripped texts
    lines    row: line of the file, from 1
    """

    file: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]

    def __post_init__(self) -> None:
        if not self.rows:
            raise DataError(f"{self.file}: no rows of data; expected one per day or 3 hours")
        for line, row in zip(self.lines, self.rows, strict=True):
            if len(row) != len(self.names):
                raise DataError(
                    f"{self.file}, line {line}: expected {len(self.names)} columns, got "
                    f"{len(row)}; the file is damaged or cut off: fetch it again"
                )

    def where(self, row: int, column: str) -> str:
        """File, line and column, for a message."""
        return f"{self.file}, line {self.lines[row]}, column {column!r}"

    def texts(self, column: str) -> list[str]:
        """The texts of a column. Raises DataError when it is not there."""
        if column not in self.names:
            raise DataError(
                f"{self.file}: column {column!r} is missing; there are: {', '.join(self.names)}"
            )
        index = self.names.index(column)
        return [row[index] for row in self.rows]

    def numbers(self, column: str, missing: float | None = None) -> FloatArray:
        """A column as numbers; NaN for an empty cell and for the mark `missing`."""
        texts = self.texts(column)
        try:
            values = np.array([float(text) if text else np.nan for text in texts])
        except ValueError:
            self._refuse(column, texts, float, "a number")
            raise
        if missing is not None:
            values[values == missing] = np.nan
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            raise DataError(f"{self.where(infinite[0], column)}: expected a finite number, got inf")
        return values

    def times(self, column: str, unit: str = "D") -> DayArray:
        """A column of ISO dates or times, datetime64 of this unit."""
        texts = self.texts(column)
        try:
            return np.array(texts, dtype=f"datetime64[{unit}]")
        except ValueError:
            self._refuse(column, texts, np.datetime64, "a date such as 2003-11-20")
            raise

    def _refuse(self, column: str, texts: list[str], read: Any, expected: str) -> None:
        """Raise DataError for the first text that cannot be read."""
        for row, text in enumerate(texts):
            try:
                read(text or "nan") if read is float else read(text)
            except ValueError:
                raise DataError(
                    f"{self.where(row, column)}: expected {expected}, got {text!r}"
                ) from None


def from_csv(text: str, file: str) -> TextTable:
    """Comma-separated text with a header; blank lines are left out."""
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    split = [[cell.strip() for cell in line.split(",")] for _, line in lines]
    if not split:
        raise DataError(f"{file}: the file is empty; expected a header and rows")
    return TextTable(file, tuple(split[0]), split[1:], [i for i, _ in lines[1:]])
