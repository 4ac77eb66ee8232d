"""The simple recurrent network: h_t = tanh(W x_t + U h_{t-1} + b) (Elman 1990)."""

from __future__ import annotations

import torch
from torch import nn

from models.cells.base import Cell, CellState, heard


class Tanh(Cell):
    """Without gates: the yardstick that gated cells have to beat."""

    def __init__(self, channels: int, hidden_size: int) -> None:
        super().__init__(channels, hidden_size)
        self.inputs = nn.Linear(channels, hidden_size)
        self.recurrent = nn.Linear(hidden_size, hidden_size, bias=False)
        nn.init.orthogonal_(self.recurrent.weight)

    def project(self, inputs: torch.Tensor) -> torch.Tensor:
        given: torch.Tensor = self.inputs(inputs)
        return given

    def step(
        self, given: torch.Tensor, state: CellState, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, CellState]:
        output = torch.tanh(given + self.recurrent(heard(state[0], mask)))
        return output, (output,)
