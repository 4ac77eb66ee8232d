"""The last part of a network: features in, numbers of the head out."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn


class Readout(nn.Module, ABC):
    """... × width -> ... × outputs. What is trained may see more than what is forecast."""

    @abstractmethod
    def stages(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What a loss is taken of in training, one after the other; the last is the forecast."""

    @abstractmethod
    def shrink(self, gain: float) -> None:
        """Scale the untrained outputs, to begin at zero or close to it."""


class Dense(nn.Linear, Readout):
    """A linear map, with one stage."""

    def stages(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (self(features),)

    @torch.no_grad()
    def shrink(self, gain: float) -> None:
        scale(self.weight, gain)
        nn.init.zeros_(self.bias)


@torch.no_grad()
def scale(weights: torch.Tensor, gain: float) -> None:
    """Multiply in place; by zero without a sign left."""
    if gain:
        weights.mul_(gain)
    else:
        weights.zero_()
