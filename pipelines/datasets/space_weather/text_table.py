"""A table of texts that knows its file and lines, so that a bad cell can be named."""

from __future__ import annotations

import math
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
        numbers = [_number(text) for text in texts]
        if None in numbers:
            row = numbers.index(None)
            raise DataError(f"{self.where(row, column)}: expected a number, got {texts[row]!r}")
        values = np.array(numbers, dtype=np.float64)
        if missing is not None:
            values[values == missing] = np.nan
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            raise DataError(
                f"{self.where(int(infinite[0]), column)}: expected a finite number, got inf"
            )
        return values

    def times(self, column: str, unit: str = "D") -> DayArray:
        """A column of ISO dates or times, datetime64 of this unit."""
        texts = self.texts(column)
        for row, text in enumerate(texts):
            if not _is_time(text):
                raise DataError(
                    f"{self.where(row, column)}: expected a date such as 2003-11-20, got {text!r}"
                )
        return np.array(texts, dtype=f"datetime64[{unit}]")


def _number(text: str) -> float | None:
    """The number that a text is, NaN for an empty one, None for any other."""
    try:
        return float(text) if text else math.nan
    except ValueError:
        return None


def _is_time(text: str) -> bool:
    try:
        return not np.isnat(np.datetime64(text))
    except ValueError:
        return False


def from_csv(text: str, file: str) -> TextTable:
    """Comma-separated text with a header; blank lines are left out."""
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    split = [[cell.strip() for cell in line.split(",")] for _, line in lines]
    if not split:
        raise DataError(f"{file}: the file is empty; expected a header and rows")
    return TextTable(file, tuple(split[0]), split[1:], [i for i, _ in lines[1:]])
