"""A mean without a spread: for when the distribution is fitted outside the network."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from models.heads.base import Head, PointwiseLoss


class PointHead(Head):
    """One number per lead, trained on squared errors; all its quantiles are that number.

    `NetworkForecaster` puts the distribution of the errors around it.
    """

    size = 1
    losses = ("mse", "mae")

    def pointwise(self, name: str) -> PointwiseLoss:
        return {"mse": _squared, "mae": _absolute}[name]

    def mean(self, params: torch.Tensor) -> torch.Tensor:
        return params[..., 0]

    def quantiles(self, params: torch.Tensor, levels: Sequence[float]) -> torch.Tensor:
        return params.expand(*params.shape[:-1], len(levels))


def _squared(params: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (target - params[..., 0]) ** 2


def _absolute(params: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (target - params[..., 0]).abs()
