"""The one table of recurrent cells: name -> class. To add a cell: one file, one line here."""

from __future__ import annotations

from collections.abc import Callable

from models.cells.base import Cell
from models.cells.tanh import Tanh

#: Name -> what makes the cell from (channels, hidden_size).
CELLS: dict[str, Callable[[int, int], Cell]] = {
    "tanh": Tanh,
}
