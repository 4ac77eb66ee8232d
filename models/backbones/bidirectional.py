"""A window read from both ends: what a step means may depend on what came after it.

Every layer has a forward and a backward half, and both feed both halves of the next (Graves,
Mohamed and Hinton 2013, "Speech recognition with deep recurrent neural networks"). It reads
whole windows before the origin and never the hours ahead, so it is no model of rollouts.
Choose it for windows, and for labels of their steps; a forecast from the window's end gains
little from it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, NoReturn

import torch
from torch import nn

from models.backbones.base import Backbone, Memory, Shape
from models.backbones.options import BackboneOptions
from models.backbones.recurrent import GRU, LSTM, Recurrent
from models.backbones.thinning import thinned
from models.errors import ConfigError, ModelError


class Bidirectional(Backbone):
    """Stacked layers, each of two directions that share its width; an odd unit goes forward."""

    causal = False
    direction: ClassVar[type[Recurrent]]

    def __init__(self, shape: Shape, options: BackboneOptions | None = None) -> None:
        super().__init__(shape)
        if shape.hidden_size < 2:
            raise ConfigError(
                "hidden_size of a bidirectional layer: expected 2 or more, one for each direction, "
                f"got {shape.hidden_size}"
            )
        options = options or BackboneOptions()
        self._variational = options.variational
        # Masks lie on what both halves read, so that the halves have none of their own.
        options = replace(options, variational=False)
        below = [shape.channels] + [shape.hidden_size] * (shape.layers - 1)
        back = shape.hidden_size // 2

        def half(width: int, size: int) -> Recurrent:
            return self.direction(Shape(width, size, steps=shape.steps), options)

        self.ahead = nn.ModuleList(half(width, shape.hidden_size - back) for width in below)
        self.back = nn.ModuleList(half(width, back) for width in below)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        """What each direction knows when it has read the whole window, row × hidden.

        The backward half of the last step has read one step alone; it is the first step's
        that has read all.
        """
        ahead, back = self._both(past)
        last: torch.Tensor = self.dropout(torch.cat([ahead[:, -1], back[:, 0]], dim=-1))
        return last

    def states(self, past: torch.Tensor) -> torch.Tensor:
        """At every step what comes before it and what comes after, row × time × hidden."""
        return torch.cat(self._both(past), dim=-1)

    def advance(self, inputs: torch.Tensor, memory: Memory | None = None) -> NoReturn:
        del inputs, memory
        raise ModelError(
            "a bidirectional backbone reads a whole window at once and cannot go on step by step; "
            "choose lstm or gru to stream"
        )

    @property
    def _layers(self) -> list[tuple[Recurrent, Recurrent]]:
        ahead, back = (
            [half for half in halves if isinstance(half, Recurrent)]
            for halves in (self.ahead, self.back)
        )
        return list(zip(ahead, back, strict=True))

    def _both(self, past: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """States of the top layer's halves, each in order of time."""
        ahead, back = past, past.new_empty(*past.shape[:-1], 0)
        for index, (onward, backward) in enumerate(self._layers):
            read = torch.cat([ahead, back], dim=-1)
            if index or self._variational:
                read = thinned(read, self.dropout, variational=self._variational)
            ahead = onward.states(read)
            back = backward.states(read.flip(1)).flip(1)
        return ahead, back


class BidirectionalLSTM(Bidirectional):
    """Both halves are long short-term memory."""

    direction = LSTM


class BidirectionalGRU(Bidirectional):
    """Both halves are gated recurrent units."""

    direction = GRU
