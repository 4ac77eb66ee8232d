"""The vanilla LSTM with peepholes, and its eight single-change variants, as one cell.

Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber 2017, "LSTM: a search space odyssey",
section 2 and appendix A. With z the block input, i, f, o the gates, c the cell, y the output::

    z_t = g(W_z x_t + R_z y_{t-1} + b_z)                     g = h = tanh
    i_t = sigma(W_i x_t + R_i y_{t-1} + p_i c_{t-1} + b_i)
    f_t = sigma(W_f x_t + R_f y_{t-1} + p_f c_{t-1} + b_f)
    c_t = z_t i_t + c_{t-1} f_t
    o_t = sigma(W_o x_t + R_o y_{t-1} + p_o c_t + b_o)       it looks at the new cell
    y_t = h(c_t) o_t
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from models.cells.base import Cell, CellState, heard
from models.cells.chrono import keep_bias

#: Deviation of the first weights, as in the paper.
FIRST_WEIGHTS = 0.1
Gates = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Variant:
    """What a variant changes.

    gates          those that there are, in the order in which their weights are stored
    peepholes      whether gates look at the cell
    input_tanh     g; the identity without (NIAF)
    output_tanh    h; the identity without (NOAF)
    coupled        f = 1 - i (CIFG)
    full_gates     gates also hear all gates of the step before (FGR)
    """

    gates: tuple[str, ...] = ("i", "f", "o")
    peepholes: bool = True
    input_tanh: bool = True
    output_tanh: bool = True
    coupled: bool = False
    full_gates: bool = False

    def parameters(self, channels: int, size: int) -> int:
        """Trained numbers of one layer."""
        gates = len(self.gates)
        count = (1 + gates) * (size * channels + size**2 + size)
        count += gates * size if self.peepholes else 0
        return count + (gates**2 * size**2 if self.full_gates else 0)


VARIANTS: dict[str, Variant] = {
    "peephole_lstm": Variant(),
    "peephole_lstm_nig": Variant(gates=("f", "o")),
    "peephole_lstm_nfg": Variant(gates=("i", "o")),
    "peephole_lstm_nog": Variant(gates=("i", "f")),
    "peephole_lstm_niaf": Variant(input_tanh=False),
    "peephole_lstm_noaf": Variant(output_tanh=False),
    "peephole_lstm_cifg": Variant(gates=("i", "o"), coupled=True),
    "peephole_lstm_np": Variant(peepholes=False),
    "peephole_lstm_fgr": Variant(full_gates=True),
}


class PeepholeLSTM(Cell):
    """One layer. Its state is output, cell, and with full gate recurrence the gates.

    variant   what is changed; nothing by default
    """

    def __init__(self, channels: int, hidden_size: int, variant: Variant | None = None) -> None:
        super().__init__(channels, hidden_size)
        self.variant = variant or Variant()
        gates = len(self.variant.gates)
        # Block input first, then the gates, side by side: one product for all.
        self.inputs = nn.Linear(channels, (1 + gates) * hidden_size)
        self.recurrent = nn.Linear(hidden_size, (1 + gates) * hidden_size, bias=False)
        self.peepholes: nn.Parameter | None = None
        if self.variant.peepholes:
            self.peepholes = nn.Parameter(torch.empty(gates, hidden_size))
        self.between: nn.Linear | None = None
        if self.variant.full_gates:
            self.between = nn.Linear(gates * hidden_size, gates * hidden_size, bias=False)
        self._begin()

    @property
    def widths(self) -> tuple[int, ...]:
        own = (self.hidden_size, self.hidden_size)
        more = len(self.variant.gates) * self.hidden_size
        return (*own, more) if self.variant.full_gates else own

    def project(self, inputs: torch.Tensor) -> torch.Tensor:
        given: torch.Tensor = self.inputs(inputs)
        return given

    def keep_for(self, steps: int) -> None:
        forget = keep_bias(self.hidden_size, steps)
        with torch.no_grad():
            if "f" in self.variant.gates:
                self._bias("f").copy_(forget)
            if "i" in self.variant.gates:
                self._bias("i").copy_(-forget)

    def step(
        self, given: torch.Tensor, state: CellState, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, CellState]:
        cell = state[1]
        whole = given + self.recurrent(heard(state[0], mask))
        block, *raw = whole.split(self.hidden_size, dim=1)
        if self.between is not None:
            parts = self.between(state[2]).split(self.hidden_size, dim=1)
            raw = [one + other for one, other in zip(raw, parts, strict=True)]
        sums = dict(zip(self.variant.gates, raw, strict=True))
        block = torch.tanh(block) if self.variant.input_tanh else block
        gates = {name: self._gate(name, sums, cell) for name in sums if name != "o"}
        cell = self._next(block, cell, gates)
        if "o" in sums:
            gates["o"] = self._gate("o", sums, cell)
        output = torch.tanh(cell) if self.variant.output_tanh else cell
        output = output * gates["o"] if "o" in gates else output
        if self.between is None:
            return output, (output, cell)
        return output, (output, cell, torch.cat([gates[n] for n in self.variant.gates], dim=1))

    def _next(self, block: torch.Tensor, cell: torch.Tensor, gates: Gates) -> torch.Tensor:
        added = block * gates["i"] if "i" in gates else block
        if self.variant.coupled:
            return torch.addcmul(added, cell, 1.0 - gates["i"])
        return torch.addcmul(added, cell, gates["f"]) if "f" in gates else added + cell

    def _gate(self, name: str, sums: Gates, cell: torch.Tensor) -> torch.Tensor:
        value = sums[name]
        if self.peepholes is not None:
            value = torch.addcmul(value, cell, self.peepholes[self.variant.gates.index(name)])
        return torch.sigmoid(value)

    def _bias(self, gate: str) -> torch.Tensor:
        place = 1 + self.variant.gates.index(gate)
        return self.inputs.bias[place * self.hidden_size : (place + 1) * self.hidden_size]

    def _begin(self) -> None:
        """Small normal weights, forget bias one."""
        with torch.no_grad():
            for weights in self.parameters():
                nn.init.normal_(weights, std=FIRST_WEIGHTS)
            self.inputs.bias.zero_()
            if "f" in self.variant.gates:
                self._bias("f").fill_(1.0)
