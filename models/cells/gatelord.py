"""GateL0RD: a state that changes only when it has to, through gates that can be exactly shut.

Gumbsch, Butz and Martius 2021, "Sparsely changing latent states for prediction and planning in
partially observable domains", section 3::

    s_t = g(x_t, h_{t-1}) + noise                noise of deviation 0.1, in training only
    L_t = max(0, tanh(s_t))                      the gate, zero for negative s
    h_t = L_t r(x_t, h_{t-1}) + (1 - L_t) h_{t-1}
    y_t = p(x_t, h_t) o(x_t, h_t)                both look at the new state

with g affine, r and p affine and tanh, o affine and sigmoid. The penalty is the share of gates
that are open at all. Its step function passes gradients on as they are (straight through), so
it acts on open gates only, and only the noise opens a shut one again.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import nn

from models.cells.base import Cell, CellState, heard

#: Deviation of the noise on the gates.
NOISE = 0.1
#: Weight of the penalty unless `penalise` says otherwise.
PENALTY = 0.001


class GateLord(Cell):
    """For hidden states like a regime: what it keeps, it keeps exactly."""

    def __init__(self, channels: int, hidden_size: int) -> None:
        super().__init__(channels, hidden_size)
        # Side by side: gate, candidate, and the two factors of the output.
        self.inputs = nn.Linear(channels, 4 * hidden_size)
        self.change = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        self.reading = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        self.penalty: torch.Tensor | None = None
        self._weight = PENALTY

    def project(self, inputs: torch.Tensor) -> torch.Tensor:
        given: torch.Tensor = self.inputs(inputs)
        return given

    def penalise(self, weight: float) -> None:
        self._weight = weight

    def step(
        self, given: torch.Tensor, state: CellState, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, CellState]:
        gate, output, new = self._changed(given, state[0], mask)
        del gate
        return output, (new,)

    def forward(
        self,
        inputs: torch.Tensor,
        state: CellState | None = None,
        mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, CellState]:
        outputs, gates, after = self._run(inputs, state, mask)
        # In training alone: what was left here would keep its whole graph in memory.
        self.penalty = self._weight * opened(gates).mean() if self.training else None
        return outputs, after

    def train(self, mode: bool = True) -> Self:
        # What the last batch left belongs to its graph: nothing later may add or copy it.
        self.penalty = None
        return super().train(mode)

    def gates(self, inputs: torch.Tensor, state: CellState | None = None) -> torch.Tensor:
        """How far every gate opens at every step, row × time × hidden: where the state changed.

        See models.diagnostics.gate_trace for networks of several layers.
        """
        return self._run(inputs, state, None)[1]

    def _run(
        self, inputs: torch.Tensor, state: CellState | None, mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, CellState]:
        hidden = (self.start(inputs) if state is None else state)[0]
        outputs, gates = [], []
        for given in self.project(inputs).transpose(0, 1).contiguous().unbind(0):
            gate, output, hidden = self._changed(given, hidden, mask)
            outputs.append(output)
            gates.append(gate)
        return torch.stack(outputs, dim=1), torch.stack(gates, dim=1), (hidden,)

    def _changed(
        self, given: torch.Tensor, old: torch.Tensor, mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Gate, output and state of one step."""
        to_gate, to_new, *to_output = given.chunk(4, dim=1)
        gate_of, new_of = self.change(heard(old, mask)).chunk(2, dim=1)
        raw = to_gate + gate_of
        if self.training:
            raw = raw + NOISE * torch.randn_like(raw)
        gate = torch.relu(torch.tanh(raw))
        state = torch.lerp(old, torch.tanh(to_new + new_of), gate)
        value_of, open_of = self.reading(state).chunk(2, dim=1)
        output = torch.tanh(to_output[0] + value_of) * torch.sigmoid(to_output[1] + open_of)
        return gate, output, state


def opened(gates: torch.Tensor) -> torch.Tensor:
    """One where a gate is open at all; backwards, gradients pass on to the gate as they are."""
    steps = (gates > 0).to(gates)
    return steps + gates - gates.detach()
