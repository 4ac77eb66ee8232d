"""Training in target space: what is learnt are wished-for activations, and weights follow.

Fairbank, Samothrakis and Citi 2022, "Deep learning in target space". For some fixed, typical
inputs (the probe), every layer has a matrix T of desired sums. Its weights are the ridge
regression of T on what the layer reads there, A = [1, inputs]::

    W = (A' A + lambda I)^-1 A' T

With sequential cascade untangling (SCU) a layer reads what the layers before it really make of
the probe, so each repairs what they missed; with optimistic untangling (OCU) it reads what they
should make. The loss's gradient flows through the solves to the T. After training the weights are
frozen, and a plain network is left. Choose it for tanh layers that do not get going by gradient
descent on weights; a step costs two to three times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from models.cells.tanh import Tanh
from models.forecasters.target_options import TargetOptions

Activation = Callable[[torch.Tensor], torch.Tensor]
Weights = dict[str, torch.Tensor]
#: (states, row × step × hidden, and what is read beside them, row × step × width) -> row × step ×
#: width of the first dense layer.
Join = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class DenseLayer:
    """A linear layer of a network.

    name        there
    activation  what follows it
    gain        deviation of its first targets
    """

    name: str
    width: int
    activation: Activation
    gain: float = 1.0


@dataclass(frozen=True)
class RecurrentLayer:
    """A `models.cells.tanh` layer of a network: its name there, and its width."""

    name: str
    width: int


class TargetSpace(nn.Module):
    """Targets of recurrent tanh layers, if there are any, and of the dense layers after them.

    recurrent  one above the other
    past       what they read of the probe, row × step × channel
    beside     what the first dense layer reads beside the states, row × later step × width; as
               many of the last steps are read of the states
    join       of both; the states have no width without recurrent layers
    """

    past: torch.Tensor
    beside: torch.Tensor

    def __init__(
        self,
        recurrent: Sequence[RecurrentLayer],
        dense: Sequence[DenseLayer],
        past: torch.Tensor,
        beside: torch.Tensor,
        options: TargetOptions,
        join: Join = lambda states, beside: torch.cat([states, beside], dim=-1),
    ) -> None:
        super().__init__()
        self._recurrent, self._dense = tuple(recurrent), tuple(dense)
        self._options, self._join = options, join
        self.register_buffer("past", past, persistent=False)
        self.register_buffer("beside", beside, persistent=False)
        rows, steps = past.shape[:2]
        self.steps = nn.ParameterList(_normal(rows, steps, one.width) for one in self._recurrent)
        read = rows * beside.shape[1]
        self.targets = nn.ParameterList(
            _normal(read, one.width, gain=one.gain) for one in self._dense
        )
        self._project()

    def weights(self) -> Weights:
        """Weights of all layers, by their names in the network."""
        found: Weights = {}
        reads = self._reads(self._states(found))
        for layer, target in zip(self._dense, self.targets, strict=True):
            weight, bias = self._solve(reads, target)
            found |= {f"{layer.name}.weight": weight, f"{layer.name}.bias": bias}
            made = torch.addmm(bias, reads, weight.T) if self._cascade else target
            reads = layer.activation(made)
        return found

    @torch.no_grad()
    def adopt(self, weights: Weights) -> None:
        """Let the targets be what these weights make of the probe, to go on from them."""
        states = self.past
        for layer, steps in zip(self._recurrent, self.steps, strict=True):
            own = _cell_weights(layer, weights)
            after = _unrolled(layer, own, states)
            steps.copy_(_sums(own, states, _before(after)))
            states = after
        self._cascade_targets(weights, self._reads(states))

    @property
    def _cascade(self) -> bool:
        return self._options.untangling == "scu"

    def _reads(self, states: torch.Tensor) -> torch.Tensor:
        if not self._recurrent:
            states = states[..., :0]
        return self._join(states[:, -self.beside.shape[1] :], self.beside).flatten(0, 1)

    def _states(self, found: Weights) -> torch.Tensor:
        """States of the probe; the weights of the recurrent layers are put into `found`."""
        states = self.past
        for layer, steps in zip(self._recurrent, self.steps, strict=True):
            wished = torch.tanh(steps)
            own = self._cell(states, steps, wished)
            found |= {f"{layer.name}.{key}": value for key, value in own.items()}
            states = _unrolled(layer, own, states) if self._cascade else wished
        return states

    def _cell(self, inputs: torch.Tensor, steps: torch.Tensor, wished: torch.Tensor) -> Weights:
        """Weights of a recurrent layer: one solve over all rows and steps."""
        reads = torch.cat([inputs, _before(wished)], dim=2).flatten(0, 1)
        weight, bias = self._solve(reads, steps.flatten(0, 1))
        width = inputs.shape[2]
        return {
            "inputs.weight": weight[:, :width],
            "inputs.bias": bias,
            "recurrent.weight": weight[:, width:],
        }

    @torch.no_grad()
    def _project(self) -> None:
        """Replace each target by what its own weights make of the probe: reachable ones."""
        states = self.past
        for layer, steps in zip(self._recurrent, self.steps, strict=True):
            wished = torch.tanh(steps)
            own = self._cell(states, steps, wished)
            steps.copy_(_sums(own, states, _before(wished)))
            states = _unrolled(layer, own, states) if self._cascade else torch.tanh(steps)
        weights = self.weights()
        self._cascade_targets(weights, self._reads(self._states({})))

    def _cascade_targets(self, weights: Weights, reads: torch.Tensor) -> None:
        for layer, target in zip(self._dense, self.targets, strict=True):
            weight, bias = weights[f"{layer.name}.weight"], weights[f"{layer.name}.bias"]
            target.copy_(torch.addmm(bias, reads, weight.T))
            reads = layer.activation(target)

    def _solve(
        self, reads: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return ridge(reads, target, self._options.ridge, getattr(torch, self._options.precision))


def ridge(
    reads: torch.Tensor, target: torch.Tensor, penalty: float, precision: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight, output × input, and bias of the ridge regression, row × input -> row × output.

    The bias is penalised too, as in the paper.
    """
    design = torch.cat([reads.new_ones(len(reads), 1), reads], dim=1).to(precision)
    gram = design.T @ design
    gram = gram + penalty * torch.eye(len(gram), dtype=precision, device=gram.device)
    found = torch.linalg.solve(gram, design.T @ target.to(precision)).to(target.dtype)
    return found[1:].T, found[0]


def _cell_weights(layer: RecurrentLayer, weights: Weights) -> Weights:
    names = ("inputs.weight", "inputs.bias", "recurrent.weight")
    return {name: weights[f"{layer.name}.{name}"] for name in names}


def _unrolled(layer: RecurrentLayer, own: Weights, inputs: torch.Tensor) -> torch.Tensor:
    """What the layer really does, row × step × hidden."""
    with torch.random.fork_rng(devices=()), torch.device("meta"):
        cell = Tanh(inputs.shape[2], layer.width)
    states: torch.Tensor = torch.func.functional_call(cell, own, (inputs,))[0]
    return states


def _sums(own: Weights, inputs: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Of a recurrent layer, before its tanh."""
    given = nn.functional.linear(inputs, own["inputs.weight"], own["inputs.bias"])
    return given + before @ own["recurrent.weight"].T


def _before(states: torch.Tensor) -> torch.Tensor:
    """The states of one step earlier, zero at first."""
    return torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], dim=1)


def _normal(*shape: int, gain: float = 1.0) -> torch.Tensor:
    """Truncated normal numbers of deviation `gain`."""
    return nn.init.trunc_normal_(torch.empty(*shape), std=1.0) * gain
