"""The interface of all heads: numbers of a network as a predictive distribution.

A head has no weights. It gives meaning to the `size` numbers that a network puts out
per row and lead, in standardised units: all zero means zero mean and unit spread, so
that a network with a zero output layer forecasts its reference exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import torch

#: (parameters row × lead × size, target row × lead) -> loss, row × lead.
PointwiseLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Head(ABC):
    """A family of distributions.

    size     numbers per row and lead
    losses   names of the losses that it can be trained with, the usual one first
    """

    size: ClassVar[int]
    losses: ClassVar[tuple[str, ...]]

    def loss(
        self,
        params: torch.Tensor,
        target: torch.Tensor,
        mask: torch.Tensor,
        weight: torch.Tensor,
        name: str,
    ) -> torch.Tensor:
        """Weighted mean loss over what is known.

        params  row × lead × size
        target  row × lead; any value where `mask` is false
        mask    row × lead, true where there is an outcome
        weight  row, positive
        name    one of `losses`
        """
        values = self.pointwise(name)(params, torch.where(mask, target, 0.0))
        shares = mask * weight[:, None]
        return (values * shares).sum() / shares.sum().clamp_min(torch.finfo(values.dtype).tiny)

    @abstractmethod
    def pointwise(self, name: str) -> PointwiseLoss:
        """Return the loss of this name, before it is averaged."""

    @abstractmethod
    def mean(self, params: torch.Tensor) -> torch.Tensor:
        """Expected value, row × lead."""

    @abstractmethod
    def quantiles(self, params: torch.Tensor, levels: Sequence[float]) -> torch.Tensor:
        """Quantiles, row × lead × level, non-decreasing along level."""
