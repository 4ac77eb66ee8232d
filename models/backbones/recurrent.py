"""Recurrent networks that read a window and answer with their last state.

The last state has read every time step, so a head on it forecasts each lead from
the newest input too; decoding the last `leads` states step by step would not.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from models.backbones.gru_inference import last_state

#: Rows from which on a GRU's inference pays for its own loop over time.
FEWEST_ROWS = 128


class Recurrent(nn.Module):
    """Stacked recurrent layers: row × time × channel -> row × hidden, the last state.

    channels     width of the input
    hidden_size  width of the state, of every layer
    layers       how many are stacked
    dropout      between the layers and on the last state, while training
    """

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(self, channels: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.hidden_size = hidden_size
        self.recurrent = self.cell(
            channels, hidden_size, num_layers=layers, batch_first=True, dropout=between
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        last: torch.Tensor = self.dropout(self.states(past)[:, -1])
        return last

    def states(self, past: torch.Tensor) -> torch.Tensor:
        """Return the state after every step, row × time × hidden, without dropout."""
        states: torch.Tensor = self.recurrent(past)[0]
        return states


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997).

    The forget gate starts open (bias one: Gers et al. 2000), so that the first steps
    of training can reach far back.
    """

    cell = nn.LSTM

    def __init__(self, channels: int, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__(channels, hidden_size, layers, dropout)
        # torch orders the gates input, forget, cell, output, and adds two biases.
        forget = slice(hidden_size, 2 * hidden_size)
        with torch.no_grad():
            for name, value in self.recurrent.named_parameters():
                if name.startswith("bias_"):
                    value[forget] = 1.0 if name.startswith("bias_ih") else 0.0


class GRU(Recurrent):
    """Gated recurrent unit (Cho et al. 2014)."""

    cell = nn.GRU

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        gru = self.recurrent
        many = len(past) >= FEWEST_ROWS and gru.num_layers == 1 and past.device.type == "cpu"
        if many and not torch.is_grad_enabled() and isinstance(gru, nn.GRU):
            return last_state(gru, past)
        return super().forward(past)


#: Name of the cell -> backbone.
BACKBONES: dict[str, type[Recurrent]] = {"lstm": LSTM, "gru": GRU}
