"""Gated recurrent units in both forms: what the reset gate acts on, and what it is named after.

Chung, Gulcehre, Cho and Bengio 2014, section 3.2, and Cho et al. 2014::

    z = sigma(W_z x + U_z h)      r = sigma(W_r x + U_r h)
    reset before: n = tanh(W x + U (r * h))              h' = (1 - z) h + z n
    reset after:  n = tanh(W x + b + r * (U h + b'))     h' = (1 - z) n + z h

The second is that of torch.nn.GRU, whose update gate is the complement of the paper's.
"""

from __future__ import annotations

import torch
from torch import nn

from models.cells.base import Cell, CellState, heard
from models.cells.chrono import keep_bias


class GRUResetBefore(Cell):
    """The reset gate acts on the state, before the recurrent weights."""

    def __init__(self, channels: int, hidden_size: int) -> None:
        super().__init__(channels, hidden_size)
        self.inputs = nn.Linear(channels, 3 * hidden_size)
        self.gates = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        self.recurrent = nn.Linear(hidden_size, hidden_size, bias=False)

    def project(self, inputs: torch.Tensor) -> torch.Tensor:
        given: torch.Tensor = self.inputs(inputs)
        return given

    def keep_for(self, steps: int) -> None:
        """The update gate of this form opens to forget."""
        with torch.no_grad():
            self.inputs.bias[: self.hidden_size] = -keep_bias(self.hidden_size, steps)

    def step(
        self, given: torch.Tensor, state: CellState, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, CellState]:
        old, size = state[0], self.hidden_size
        before = heard(old, mask)
        gates = torch.sigmoid(given[:, : 2 * size] + self.gates(before))
        update, reset = gates.chunk(2, dim=1)
        new = torch.tanh(given[:, 2 * size :] + self.recurrent(reset * before))
        output = torch.lerp(old, new, update)
        return output, (output,)


class GRUResetAfter(Cell):
    """The reset gate acts on what the recurrent weights made of the state, as in torch."""

    def __init__(self, channels: int, hidden_size: int) -> None:
        super().__init__(channels, hidden_size)
        # Reset, update, new, in the order of torch.
        self.inputs = nn.Linear(channels, 3 * hidden_size)
        self.recurrent = nn.Linear(hidden_size, 3 * hidden_size)

    def project(self, inputs: torch.Tensor) -> torch.Tensor:
        given: torch.Tensor = self.inputs(inputs)
        return given

    def keep_for(self, steps: int) -> None:
        size = self.hidden_size
        with torch.no_grad():
            self.inputs.bias[size : 2 * size] = keep_bias(size, steps)
            self.recurrent.bias[size : 2 * size] = 0.0

    def step(
        self, given: torch.Tensor, state: CellState, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, CellState]:
        old, size = state[0], self.hidden_size
        kept = self.recurrent(heard(old, mask))
        gates = torch.sigmoid(given[:, : 2 * size] + kept[:, : 2 * size])
        reset, update = gates.chunk(2, dim=1)
        new = torch.tanh(torch.addcmul(given[:, 2 * size :], reset, kept[:, 2 * size :]))
        output = torch.lerp(new, old, update)
        return output, (output,)
