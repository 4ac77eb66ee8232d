"""Stacked layers of any cell of the table; a cell more costs one file."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import dropout

from models.backbones.base import Backbone, Memory, Shape
from models.backbones.options import BackboneOptions
from models.cells.base import Cell


class CellStack(Backbone):
    """Layers of one kind of cell, each reading the outputs of the one below.

    make  (channels, hidden size) -> cell
    """

    def __init__(
        self,
        shape: Shape,
        options: BackboneOptions | None = None,
        *,
        make: Callable[[int, int], Cell],
    ) -> None:
        super().__init__(shape)
        options = options or BackboneOptions()
        below = [shape.channels] + [shape.hidden_size] * (shape.layers - 1)
        self.cells = nn.ModuleList(make(width, shape.hidden_size) for width in below)
        self._variational = options.variational
        for cell in self._layers:
            cell.penalise(options.gate_penalty)
            if options.memory == "chrono":
                cell.keep_for(shape.steps)

    @property
    def _layers(self) -> list[Cell]:
        return [cell for cell in self.cells if isinstance(cell, Cell)]

    def advance(
        self, inputs: torch.Tensor, memory: Memory | None = None
    ) -> tuple[torch.Tensor, Memory]:
        states, after, used = inputs, [], 0
        for index, cell in enumerate(self._layers):
            count = len(cell.widths)
            before = None if memory is None else memory[used : used + count]
            used += count
            states = self._between(states) if index else self._into(states)
            states, kept = cell(states, before, self._mask(states, cell))
            after.extend(kept)
        return states, tuple(after)

    def _into(self, inputs: torch.Tensor) -> torch.Tensor:
        """What the first layer reads: the inputs, some left out for a whole sequence."""
        return self._for_a_sequence(inputs) if self._variational else inputs

    def _between(self, states: torch.Tensor) -> torch.Tensor:
        if self._variational:
            return self._for_a_sequence(states)
        return dropout(states, self.dropout.p, self.dropout.training)

    def _for_a_sequence(self, states: torch.Tensor) -> torch.Tensor:
        mask = states.new_ones(len(states), 1, states.shape[-1])
        return states * dropout(mask, self.dropout.p, self.dropout.training)

    def _mask(self, states: torch.Tensor, cell: Cell) -> torch.Tensor | None:
        """Dropout of the recurrent connection, the same at every step; None without."""
        if not (self._variational and self.dropout.training and self.dropout.p):
            return None
        return dropout(states.new_ones(len(states), cell.widths[0]), self.dropout.p, True)
