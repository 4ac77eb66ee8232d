"""Student's t distribution: location, scale and degrees of freedom per lead."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy import special

from models.heads.base import Head, PointwiseLoss
from models.heads.gaussian import positive

#: Degrees of freedom lie between these: the variance exists, and 50 is nearly normal.
DF_BOUNDS = (2.1, 50.0)
#: Degrees of freedom of an untrained network.
DF_START = 10.0
#: Nodes of the quadrature of the distribution function; error below 1e-6 within the bounds.
NODES = 32


class StudentTHead(Head):
    """Student's t, for heavy tails; trained on its likelihood or its CRPS."""

    size = 3
    losses = ("crps", "nll")

    def pointwise(self, name: str) -> PointwiseLoss:
        return {"nll": _nll, "crps": _crps}[name]

    def mean(self, params: torch.Tensor) -> torch.Tensor:
        return params[..., 0]

    def quantiles(self, params: torch.Tensor, levels: Sequence[float]) -> torch.Tensor:
        df = degrees(params[..., 2:]).detach().cpu().numpy().astype(np.float64)
        standard = torch.as_tensor(special.stdtrit(df, np.asarray(levels))).to(params)
        return params[..., :1] + positive(params[..., 1:2]) * standard


def degrees(raw: torch.Tensor) -> torch.Tensor:
    """Map any number to degrees of freedom within the bounds, zero to DF_START."""
    low, high = DF_BOUNDS
    share = (DF_START - low) / (high - low)
    return low + (high - low) * torch.sigmoid(raw + math.log(share / (1 - share)))


def _unpack(
    params: torch.Tensor, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    scale = positive(params[..., 1])
    return (target - params[..., 0]) / scale, scale, degrees(params[..., 2])


def _log_density(z: torch.Tensor, df: torch.Tensor) -> torch.Tensor:
    return _log_norm(df) - 0.5 * torch.log(df) - 0.5 * (df + 1) * torch.log1p(z**2 / df)


def _log_norm(df: torch.Tensor) -> torch.Tensor:
    return torch.lgamma(0.5 * (df + 1)) - torch.lgamma(0.5 * df) - 0.5 * math.log(math.pi)


def distribution(z: torch.Tensor, df: torch.Tensor) -> torch.Tensor:
    """Distribution function of Student's t, with gradients for both arguments.

    torch has none. With z = √df tan(a) the density becomes cos(a)^(df - 1) on a bounded
    interval, where Gauss-Legendre quadrature is exact to float32.
    """
    points, weights = np.polynomial.legendre.leggauss(NODES)
    nodes = torch.as_tensor(0.5 * (points + 1)).to(z)
    end = torch.atan(z / df.sqrt())
    powers = torch.cos(end[..., None] * nodes) ** (df[..., None] - 1)
    area = end * (powers * torch.as_tensor(0.5 * weights).to(z)).sum(dim=-1)
    return 0.5 + _log_norm(df).exp() * area


def _nll(params: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    z, scale, df = _unpack(params, target)
    return scale.log() - _log_density(z, df)


def _crps(params: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Jordan, Krueger and Lerch 2019 (scoringRules), appendix A.2."""
    z, scale, df = _unpack(params, target)
    density = _log_density(z, df).exp()
    centre = z * (2 * distribution(z, df) - 1) + 2 * density * (df + z**2) / (df - 1)
    # Ratio of beta functions B(1/2, df - 1/2) / B(1/2, df/2)².
    beta = torch.lgamma(df - 0.5) - torch.lgamma(df) + 2 * _log_norm(df) + 0.5 * math.log(math.pi)
    return scale * (centre - 2 * df.sqrt() / (df - 1) * beta.exp())
