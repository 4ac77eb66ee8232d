"""Gated causal convolutions: parallel over time, with gates in the place of recurrence.

Dauphin, Fan, Auli and Grangier 2017, "Language modeling with gated convolutional networks",
equation 1: h(X) = (X * W + b) x sigma(X * V + c), with k - 1 zeros in front so that no step
sees a later one, in residual blocks. The paper stacks plain layers, which see 1 + L (k - 1)
steps; here dilations double from block to block (van den Oord et al. 2016), so that few blocks
see a whole window.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from models.backbones.base import Backbone, Memory, Shape
from models.backbones.options import BackboneOptions
from models.backbones.thinning import thinned
from models.errors import ConfigError

Unit = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _glu(value: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
    return value * torch.sigmoid(gate)


def _gtu(value: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
    return torch.tanh(value) * torch.sigmoid(gate)


def _bilinear(value: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
    return value * gate


#: Name of the gate -> (value, gate) -> output.
GATES: dict[str, Unit] = {"glu": _glu, "gtu": _gtu, "bilinear": _bilinear}


class GatedLayer(nn.Module):
    """One layer: row × time × width -> row × time × width, with 2 k m n + 2 n parameters.

    kernel_size   steps that are read, the newest of them the step itself
    dilation      distance of two of them
    gate          a name of GATES
    normed        learn the length of each kernel apart from its direction (Salimans and Kingma
                  2016), which is 2 n parameters more; at first the same function
    """

    def __init__(
        self,
        width: int,
        size: int,
        kernel_size: int,
        dilation: int = 1,
        gate: str = "glu",
        *,
        normed: bool = False,
    ) -> None:
        super().__init__()
        if gate not in GATES:
            raise ConfigError(f"gate: expected one of {', '.join(GATES)}, got {gate!r}")
        self.convolution = nn.Conv1d(width, 2 * size, kernel_size, dilation=dilation)
        if normed:
            weight_norm(self.convolution)
        self.before = dilation * (kernel_size - 1)
        self._unit = GATES[gate]

    def forward(
        self, inputs: torch.Tensor, before: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs, and the newest inputs, row × `before` × width, that the next call needs."""
        if before is None:
            before = inputs.new_zeros(len(inputs), self.before, inputs.shape[2])
        seen = torch.cat([before, inputs], dim=1)
        made = self.convolution(seen.transpose(1, 2)).transpose(1, 2)
        value, gate = made.chunk(2, dim=-1)
        return self._unit(value, gate), seen[:, seen.shape[1] - self.before :]


class GatedConvolution(Backbone):
    """A stack of residual gated layers that sees at least `shape.steps` steps.

    shape.layers   how often the stack of doubling dilations is repeated
    gate           a name of GATES
    """

    def __init__(
        self, shape: Shape, options: BackboneOptions | None = None, *, gate: str = "glu"
    ) -> None:
        super().__init__(shape)
        options = options or BackboneOptions()
        self._variational = options.variational
        self.inputs = nn.Linear(shape.channels, shape.hidden_size)
        dilations = doubling(shape.steps, options.kernel_size) * shape.layers
        size, normed = shape.hidden_size, options.weight_norm
        self.layers = nn.ModuleList(
            GatedLayer(size, size, options.kernel_size, dilation, gate, normed=normed)
            for dilation in dilations
        )
        # Before each layer: products of products have no bound of their own.
        self.norms = nn.ModuleList(nn.LayerNorm(shape.hidden_size) for _ in dilations)
        self.norm = nn.LayerNorm(shape.hidden_size)

    @property
    def reach(self) -> int:
        """Steps that a state depends on, its own included."""
        return 1 + sum(layer.before for layer in self.layers if isinstance(layer, GatedLayer))

    def advance(
        self, inputs: torch.Tensor, memory: Memory | None = None
    ) -> tuple[torch.Tensor, Memory]:
        states, after = self.inputs(inputs), []
        for index, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            made, kept = layer(norm(states), None if memory is None else memory[index])
            states = states + thinned(made, self.dropout, variational=self._variational)
            after.append(kept)
        return self.norm(states), tuple(after)


def doubling(steps: int, kernel_size: int) -> list[int]:
    """Dilations 1, 2, 4, ... until a stack sees so many steps."""
    found, reach = [1], kernel_size
    while reach < steps:
        found.append(2 * found[-1])
        reach += found[-1] * (kernel_size - 1)
    return found


#: Name of the backbone -> what makes it.
GATED_CONVOLUTIONS = {f"{gate}_convolution": partial(GatedConvolution, gate=gate) for gate in GATES}
