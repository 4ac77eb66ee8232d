"""The running signature of a window: what a path did, told by its iterated integrals.

A layer maps its inputs to a few channels, adds time, and after every step has the signature
of the path so far, which a linear map makes into a state (Bonnier et al. 2019, "Deep signature
transforms"). It forgets nothing and has no loop over time: choose it for windows whose order of
events matters. A window that tells by its newest steps alone is better read by a gated cell.
"""

from __future__ import annotations

import torch
from torch import nn

from models.backbones.base import Backbone, Memory, Shape
from models.backbones.options import BackboneOptions
from models.backbones.thinning import thinned
from models.transforms.signatures import running_signature, signature_width


class Signature(Backbone):
    """Layers of running signatures, each of the path of the states below."""

    def __init__(self, shape: Shape, options: BackboneOptions | None = None) -> None:
        super().__init__(shape)
        options = options or BackboneOptions()
        self._variational = options.variational
        below = [shape.channels] + [shape.hidden_size] * (shape.layers - 1)
        self.layers = nn.ModuleList(
            SignatureLayer(
                width,
                shape.hidden_size,
                shape.steps,
                options.signature_channels,
                options.signature_depth,
            )
            for width in below
        )

    def advance(
        self, inputs: torch.Tensor, memory: Memory | None = None
    ) -> tuple[torch.Tensor, Memory]:
        states, after = inputs, []
        for index, layer in enumerate(self.layers):
            if index or self._variational:
                states = thinned(states, self.dropout, variational=self._variational)
            before = None if memory is None else (memory[2 * index], memory[2 * index + 1])
            states, kept = layer(states, before)
            after.extend(kept)
        return states, tuple(after)


class SignatureLayer(nn.Module):
    """row × time × channel -> row × time × hidden.

    steps   in which time runs from zero to one
    width   channels of the path beside time
    depth   levels of the signature

    What is carried: the newest point of the path, and the signature so far.
    """

    tick: torch.Tensor

    def __init__(self, channels: int, hidden_size: int, steps: int, width: int, depth: int) -> None:
        super().__init__()
        self.path = nn.Linear(channels, width)
        self.output = nn.Linear(signature_width(width + 1, depth), hidden_size)
        # Stored with the weights: a restored network need not know its window's length.
        self.register_buffer("tick", torch.tensor(1.0 / steps))
        self._depth = depth

    def forward(
        self, inputs: torch.Tensor, before: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        points = self.path(inputs)
        # A path begins at zero, so that its first point counts.
        newest = torch.zeros_like(points[:, 0]) if before is None else before[0]
        moves = points.diff(dim=1, prepend=newest.unsqueeze(1))
        time = self.tick.expand(*moves.shape[:-1], 1)
        told = before[1] if before is not None else None
        terms = running_signature(torch.cat([time, moves], dim=-1), self._depth, told)
        # Level k grows as the k-th power of the path. This keeps order, sign and small values,
        # and asinh, which bends more, would cost as much as all the rest.
        bent = terms * torch.rsqrt(1.0 + terms.abs())
        states = torch.tanh(self.output(bent))
        return states, (points[:, -1], terms[:, -1])
