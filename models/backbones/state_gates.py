"""Gates by which state vectors take in what a block says (Hutchins et al. 2022, section 3.2)."""

from __future__ import annotations

import torch
from torch import nn

#: What the biases of the LSTM gate's input and forget gate begin with.
_INTO, _KEEP = -1.0, 1.0
#: Deviation of the fixed gate's bias and of the kernels.
_FIRST = 0.1


class FixedGate(nn.Module):
    """c' = c g + z (1 - g), g = sigma(b): a learned moving average over blocks."""

    def __init__(self, heard: int, size: int) -> None:
        super().__init__()
        self.new = nn.Linear(heard, size)
        self.bias = nn.Parameter(_FIRST * torch.randn(size))

    def forward(self, states: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        """states row × state × size, heard row × state × heard"""
        return torch.lerp(self.new(heard), states, torch.sigmoid(self.bias))


class LSTMGate(nn.Module):
    """c' = c f + z i, as in an LSTM whose gates hear the block."""

    def __init__(self, heard: int, size: int) -> None:
        super().__init__()
        self.gates = nn.Linear(heard, 3 * size)
        nn.init.trunc_normal_(self.gates.weight, std=_FIRST)
        with torch.no_grad():
            self.gates.bias.zero_()
            self.gates.bias[:size] = _INTO
            self.gates.bias[size : 2 * size] = _KEEP

    def forward(self, states: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        """states row × state × size, heard row × state × heard"""
        into, keep, new = self.gates(heard).chunk(3, dim=-1)
        kept: torch.Tensor = states * torch.sigmoid(keep)
        return kept + torch.tanh(new) * torch.sigmoid(into)


#: Name -> class.
STATE_GATES: dict[str, type[FixedGate] | type[LSTMGate]] = {"fixed": FixedGate, "lstm": LSTMGate}
