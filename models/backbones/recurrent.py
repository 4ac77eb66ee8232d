"""LSTM and GRU as torch has them: the fastest recurrent layers there are on this machine."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from models.backbones.base import Backbone, Memory, Shape
from models.backbones.gru_inference import last_state
from models.backbones.options import BackboneOptions
from models.cells.chrono import keep_bias

#: Rows from which on a GRU's inference pays for its own loop over time.
FEWEST_ROWS = 128


class Recurrent(Backbone):
    """Stacked recurrent layers."""

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(self, shape: Shape, options: BackboneOptions | None = None) -> None:
        super().__init__(shape)
        options = options or BackboneOptions()
        between = shape.dropout if shape.layers > 1 else 0.0
        self.recurrent = self.cell(
            shape.channels,
            shape.hidden_size,
            num_layers=shape.layers,
            batch_first=True,
            dropout=between,
        )
        with torch.no_grad():
            for layer in range(shape.layers):
                read = self.recurrent.get_parameter(f"bias_ih_l{layer}")
                kept = self.recurrent.get_parameter(f"bias_hh_l{layer}")
                self._begin(read, kept, shape, options)

    def advance(
        self, inputs: torch.Tensor, memory: Memory | None = None
    ) -> tuple[torch.Tensor, Memory]:
        # torch's own state has the layer first, a memory here the row.
        given = None if memory is None else tuple(m.transpose(0, 1).contiguous() for m in memory)
        if given is not None and len(given) == 1:
            states, left = self.recurrent(inputs, given[0])
        else:
            states, left = self.recurrent(inputs, given)
        kept = left if isinstance(left, tuple) else (left,)
        return states, tuple(part.transpose(0, 1) for part in kept)

    def _begin(
        self, read: torch.Tensor, kept: torch.Tensor, shape: Shape, options: BackboneOptions
    ) -> None:
        """Set the first biases of a layer; torch adds two of them."""


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000)."""

    cell = nn.LSTM

    def _begin(
        self, read: torch.Tensor, kept: torch.Tensor, shape: Shape, options: BackboneOptions
    ) -> None:
        # torch orders the gates input, forget, cell, output.
        size = shape.hidden_size
        forget = slice(size, 2 * size)
        kept[forget] = 0.0
        if options.memory == "open":
            read[forget] = 1.0
            return
        read[forget] = keep_bias(size, shape.steps)
        read[:size], kept[:size] = -read[forget], 0.0


class GRU(Recurrent):
    """Gated recurrent unit (Cho et al. 2014)."""

    cell = nn.GRU

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        gru = self.recurrent
        many = len(past) >= FEWEST_ROWS and gru.num_layers == 1 and past.device.type == "cpu"
        if many and not torch.is_grad_enabled() and isinstance(gru, nn.GRU):
            return last_state(gru, past)
        return super().forward(past)

    def _begin(
        self, read: torch.Tensor, kept: torch.Tensor, shape: Shape, options: BackboneOptions
    ) -> None:
        # torch orders the gates reset, update, new; its update gate keeps the state.
        if options.memory == "chrono":
            update = slice(shape.hidden_size, 2 * shape.hidden_size)
            read[update], kept[update] = keep_bias(shape.hidden_size, shape.steps), 0.0
