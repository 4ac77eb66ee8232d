"""The one table of recurrent cells: name -> class. To add a cell: one file, one line here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from models.cells.base import Cell
from models.cells.gatelord import GateLord
from models.cells.gru import GRUResetAfter, GRUResetBefore
from models.cells.memory_block import MemoryBlock
from models.cells.peephole_lstm import VARIANTS, PeepholeLSTM
from models.cells.tanh import Tanh

#: Name -> what makes the cell from (channels, hidden_size).
CELLS: dict[str, Callable[[int, int], Cell]] = {
    "tanh": Tanh,
    "gru_reset_before": GRUResetBefore,
    "gru_reset_after": GRUResetAfter,
    "gatelord": GateLord,
    "memory_block": MemoryBlock,
    **{name: partial(PeepholeLSTM, variant=variant) for name, variant in VARIANTS.items()},
}
