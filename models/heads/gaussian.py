"""The normal distribution: location and scale per lead."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn.functional import softplus

from models.heads.base import Head, PointwiseLoss

#: Smallest scale, in standardised units: keeps the likelihood bounded.
MIN_SCALE = 1e-3


class GaussianHead(Head):
    """Normal distribution, trained on its likelihood or its CRPS."""

    size = 2
    losses = ("crps", "nll")

    def pointwise(self, name: str) -> PointwiseLoss:
        return {"nll": _nll, "crps": _crps}[name]

    def mean(self, params: torch.Tensor) -> torch.Tensor:
        return params[..., 0]

    def quantiles(self, params: torch.Tensor, levels: Sequence[float]) -> torch.Tensor:
        grid = torch.as_tensor(levels, dtype=torch.float64)
        standard: torch.Tensor = torch.special.ndtri(grid).to(params)
        return params[..., :1] + positive(params[..., 1:2]) * standard


def positive(raw: torch.Tensor) -> torch.Tensor:
    """Map any number to a positive one, zero to one."""
    scale: torch.Tensor = softplus(raw + math.log(math.expm1(1.0 - MIN_SCALE))) + MIN_SCALE
    return scale


def _standardise(params: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    scale = positive(params[..., 1])
    return (target - params[..., 0]) / scale, scale


def _nll(params: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    z, scale = _standardise(params, target)
    return 0.5 * z**2 + scale.log() + 0.5 * math.log(2 * math.pi)


def _crps(params: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Gneiting and Raftery 2007, equation 21."""
    z, scale = _standardise(params, target)
    density = torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    rank = torch.special.ndtr(z)
    crps: torch.Tensor = scale * (z * (2 * rank - 1) + 2 * density - 1 / math.sqrt(math.pi))
    return crps
