"""Quantiles without a family: 39 numbers per lead that cannot cross."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import softplus

from models.contract import LEVELS
from models.errors import ModelError
from models.heads.base import Head, PointwiseLoss

_MIDDLE = len(LEVELS) // 2


class QuantileHead(Head):
    """The median and positive steps outward from it (as in Park et al. 2022, non-crossing).

    All zero gives the quantiles of the standard normal distribution.
    """

    size = len(LEVELS)
    losses = ("pinball",)

    def pointwise(self, name: str) -> PointwiseLoss:
        return {"pinball": _pinball}[name]

    def mean(self, params: torch.Tensor) -> torch.Tensor:
        """Area under the quantile function; the outer ones stand for their tails."""
        weights = torch.full((len(LEVELS),), LEVELS[0])
        weights[[0, -1]] *= 1.5
        return _unfold(params) @ weights.to(params)

    def quantiles(self, params: torch.Tensor, levels: Sequence[float]) -> torch.Tensor:
        if tuple(levels) != LEVELS:
            raise ModelError(
                f"the quantile head knows the levels {LEVELS[0]} .. {LEVELS[-1]} in steps of "
                f"{LEVELS[0]} only; interpolate with Forecast.quantile"
            )
        return _unfold(params)


def _unfold(params: torch.Tensor) -> torch.Tensor:
    """Cumulate softplus steps from the median to both sides, row × lead × level."""
    normal = torch.special.ndtri(torch.tensor(LEVELS, dtype=torch.float64))
    shift = torch.log(torch.expm1(normal.diff())).to(params)
    median = params[..., _MIDDLE : _MIDDLE + 1]
    below = softplus(params[..., :_MIDDLE] + shift[:_MIDDLE])
    above = softplus(params[..., _MIDDLE + 1 :] + shift[_MIDDLE:])
    lower = median - below.flip(-1).cumsum(dim=-1).flip(-1)
    return torch.cat([lower, median, median + above.cumsum(dim=-1)], dim=-1)


def _pinball(params: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Twice the mean pinball loss: the CRPS as a sum (Laio and Tamea 2007, equation 5)."""
    levels = torch.tensor(LEVELS).to(params)
    error = target[..., None] - _unfold(params)
    return 2 * torch.maximum(levels * error, (levels - 1) * error).mean(dim=-1)
