"""The memory cell of 1997: no forget gate, no peepholes, and gates that hear one another.

Hochreiter and Schmidhuber 1997, "Long short-term memory", section 4. Memory cells come in
blocks that share an input and an output gate. Cells and gates hear the activations of all cells
and all gates of the step before; what is above hears the cells only::

    s_j(t) = s_j(t-1) + y_in(t) g(net_j(t))     g logistic, scaled to [-2, 2]
    y_j(t) = y_out(t) h(s_j(t))                 h logistic, scaled to [-1, 1]

The state's weight on itself is one, for good: what is stored stays, and drifts where input
gates do not shut. The paper cuts gradients at the gates; here they flow through time.
"""

from __future__ import annotations

import torch
from torch import nn

from models.cells.base import Cell, CellState, heard
from models.errors import ConfigError

#: Cells of a block, where the number of cells allows it.
BLOCK = 2
#: First biases of the gates of consecutive blocks: shut, more and more, so that blocks come into
#: use one after another (paper, sections 5.1 and 5.3).
INPUT_BIASES, OUTPUT_BIASES = (-1.0, -3.0, -5.0), (-1.0, -2.0, -3.0)


class MemoryBlock(Cell):
    """A layer of `hidden_size` memory cells.

    block   cells that share their gates; by default two, or one where their number is odd
    """

    def __init__(self, channels: int, hidden_size: int, block: int | None = None) -> None:
        super().__init__(channels, hidden_size)
        self._block = block or (BLOCK if hidden_size % BLOCK == 0 else 1)
        if hidden_size % self._block:
            raise ConfigError(f"{hidden_size} cells do not make whole blocks of {self._block}")
        self.blocks = hidden_size // self._block
        units = hidden_size + 2 * self.blocks
        # Cells, input gates, output gates.
        self.inputs = nn.Linear(channels, units)
        self.recurrent = nn.Linear(units, units, bias=False)
        with torch.no_grad():
            for place in range(self.blocks):
                first = hidden_size + place
                self.inputs.bias[first] = INPUT_BIASES[place % len(INPUT_BIASES)]
                self.inputs.bias[first + self.blocks] = OUTPUT_BIASES[place % len(OUTPUT_BIASES)]

    @property
    def widths(self) -> tuple[int, ...]:
        """Cells' outputs, gates, and states."""
        return (self.hidden_size, 2 * self.blocks, self.hidden_size)

    def project(self, inputs: torch.Tensor) -> torch.Tensor:
        given: torch.Tensor = self.inputs(inputs)
        return given

    def step(
        self, given: torch.Tensor, state: CellState, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, CellState]:
        before = torch.cat([heard(state[0], mask), state[1]], dim=1)
        net = given + self.recurrent(before)
        gates = torch.sigmoid(net[:, self.hidden_size :])
        into, out = (gate.repeat_interleave(self._block, dim=1) for gate in gates.chunk(2, dim=1))
        kept = torch.addcmul(state[2], into, 2.0 * torch.tanh(net[:, : self.hidden_size] / 2.0))
        output = out * torch.tanh(kept / 2.0)
        return output, (output, gates, kept)


def weight_count(channels: int, cells: int, gates: int, *, biased: bool = True) -> int:
    """Weights of the hidden layer: (cells + gates)(channels + cells + gates + bias)."""
    return (cells + gates) * (channels + cells + gates + int(biased))
