"""The interface of all backbones: a window of channels in, features out.

The last state has read every time step, so a head on it forecasts each lead from the
newest input too; decoding the last `leads` states step by step would not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from models.errors import ConfigError

#: What a backbone carries from one call to the next; its tensors begin with the row axis.
Memory = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Shape:
    """Size of a backbone. Raises ConfigError for one that cannot be.

    channels     width of the input
    hidden_size  width of what comes out, and of every layer
    layers       how many are stacked
    dropout      between the layers and on the last state, while training
    steps        of the windows that are read: the first weights depend on it, and how far a
                 backbone without recurrence sees
    """

    channels: int
    hidden_size: int
    layers: int = 1
    dropout: float = 0.0
    steps: int = 36

    def __post_init__(self) -> None:
        for name in ("channels", "hidden_size", "layers", "steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected 1 or more, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout: expected 0 or more and below 1, got {self.dropout}")


class Backbone(nn.Module, ABC):
    """row × time × channel -> row × hidden, what is known after the last step.

    causal  whether the state after a step depends on no later one; what is not causal reads
            whole windows only, and is refused where hours ahead are read or steps stream in
    """

    causal: ClassVar[bool] = True

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.hidden_size = shape.hidden_size
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        last: torch.Tensor = self.dropout(self.states(past)[:, -1])
        return last

    def states(self, past: torch.Tensor) -> torch.Tensor:
        """Return the state after every step, row × time × hidden, without the last dropout."""
        return self.advance(past)[0]

    @abstractmethod
    def advance(
        self, inputs: torch.Tensor, memory: Memory | None = None
    ) -> tuple[torch.Tensor, Memory]:
        """Read further steps: states, row × time × hidden, and the memory to go on with.

        One long call and several that hand on the memory give the same states. Raises
        ModelError for a backbone that is not causal.
        """
