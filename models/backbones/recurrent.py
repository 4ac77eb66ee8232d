"""LSTM and GRU as torch has them: the fastest recurrent layers there are on this machine.

With `options.variational` one dropout mask per sequence lies on what every layer reads, and on
the last state, instead of a mask per step between layers alone. torch's layers hold their state
inside, so the third mask of Gal and Ghahramani (2016), on the recurrent connection, needs a cell
of `models.cells`, such as peephole_lstm.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import dropout

from models.backbones.base import Backbone, Memory, Shape
from models.backbones.gru_inference import last_state
from models.backbones.options import BackboneOptions
from models.cells.chrono import keep_bias

#: Rows from which on a GRU's inference pays for its own loop over time.
FEWEST_ROWS = 128
#: States of one layer, row × time × hidden, and what it carries on.
Layer = tuple[torch.Tensor, Memory]


class Recurrent(Backbone):
    """Stacked recurrent layers."""

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(self, shape: Shape, options: BackboneOptions | None = None) -> None:
        super().__init__(shape)
        options = options or BackboneOptions()
        self._variational = options.variational
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
        # With dropout inside torch's loop over layers there is no mask to choose; forecasts that
        # keep dropout on (MC dropout) have the layers themselves at rest.
        if self.dropout.training and (self._variational or not self.recurrent.training):
            return self._layer_by_layer(inputs, memory)
        # torch's own state has the layer first, a memory here the row.
        given = None if memory is None else tuple(m.transpose(0, 1).contiguous() for m in memory)
        if given is not None and len(given) == 1:
            states, left = self.recurrent(inputs, given[0])
        else:
            states, left = self.recurrent(inputs, given)
        kept = left if isinstance(left, tuple) else (left,)
        return states, tuple(part.transpose(0, 1) for part in kept)

    def _layer_by_layer(
        self, inputs: torch.Tensor, memory: Memory | None
    ) -> tuple[torch.Tensor, Memory]:
        """The same, with dropout on what each layer reads: of a sequence or of its steps."""
        states, after = inputs, []
        for layer in range(self.recurrent.num_layers):
            states = self._thinned(states, layer)
            before = None
            if memory is not None:
                before = tuple(part[:, layer][None].contiguous() for part in memory)
            states, left = self._run_layer(layer, states, before)
            after.append(left)
        parts = zip(*after, strict=True)
        return states, tuple(torch.cat(part).transpose(0, 1) for part in parts)

    def _thinned(self, states: torch.Tensor, layer: int) -> torch.Tensor:
        if self._variational:
            mask = states.new_ones(len(states), 1, states.shape[-1])
            return states * dropout(mask, self.dropout.p, self.dropout.training)
        return dropout(states, self.dropout.p, self.dropout.training) if layer else states

    def _weights(self, layer: int) -> list[torch.Tensor]:
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [self.recurrent.get_parameter(f"{kind}_l{layer}") for kind in kinds]

    def _start(self, states: torch.Tensor) -> torch.Tensor:
        return states.new_zeros(1, len(states), self.hidden_size)

    @property
    def _learns(self) -> bool:
        """Whether torch's layers shall keep what a gradient needs, as a GPU does only if told."""
        return self.recurrent.training

    @abstractmethod
    def _run_layer(self, layer: int, inputs: torch.Tensor, before: Memory | None) -> Layer:
        """One layer without dropout: its states and its memory, layer × row × hidden."""

    def _begin(
        self, read: torch.Tensor, kept: torch.Tensor, shape: Shape, options: BackboneOptions
    ) -> None:
        """Set the first biases of a layer; torch adds two of them."""


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000)."""

    cell = nn.LSTM

    def _run_layer(self, layer: int, inputs: torch.Tensor, before: Memory | None) -> Layer:
        start = (self._start(inputs),) * 2 if before is None else before
        weights = self._weights(layer)
        states, hidden, cell = torch.lstm(
            inputs, start, weights, True, 1, 0.0, self._learns, False, batch_first=True
        )
        return states, (hidden, cell)

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
        thinned = self.dropout.training and self.dropout.p > 0
        fast = many and not thinned and not torch.is_grad_enabled()
        return last_state(gru, past) if fast and isinstance(gru, nn.GRU) else super().forward(past)

    def _run_layer(self, layer: int, inputs: torch.Tensor, before: Memory | None) -> Layer:
        start = self._start(inputs) if before is None else before[0]
        weights = self._weights(layer)
        states, hidden = torch.gru(
            inputs, start, weights, True, 1, 0.0, self._learns, False, batch_first=True
        )
        return states, (hidden,)

    def _begin(
        self, read: torch.Tensor, kept: torch.Tensor, shape: Shape, options: BackboneOptions
    ) -> None:
        # torch orders the gates reset, update, new; its update gate keeps the state.
        if options.memory == "chrono":
            update = slice(shape.hidden_size, 2 * shape.hidden_size)
            read[update], kept[update] = keep_bias(shape.hidden_size, shape.steps), 0.0
