"""The multivariate normal distribution: mean and covariance of all components at once.

A head has no weights. It gives meaning to the `size` numbers that a network puts out per
row and hour, in standardised units; all zero means zero mean and the identity.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch

from models.heads.gaussian import positive

#: Keeps untrained off-diagonal elements small against the diagonal.
_OFF_DIAGONAL = 0.1


class JointHead(ABC):
    """A normal distribution over `components` variables, by the factor L of L·Lᵀ."""

    name: ClassVar[str]

    def __init__(self, components: int) -> None:
        self.components = components

    @property
    @abstractmethod
    def size(self) -> int:
        """Numbers per row and hour."""

    @abstractmethod
    def split(self, params: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean (... × component) and factor of the covariance: ... × component for a
        diagonal one, else ... × component × component, lower triangular."""

    @abstractmethod
    def nll(self, mean: torch.Tensor, factor: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Negative log density of the target, per component on average."""

    @abstractmethod
    def covariance(self, factor: torch.Tensor) -> torch.Tensor:
        """L·Lᵀ, ... × component × component."""


class DiagonalGaussianHead(JointHead):
    """Independent components."""

    name = "diagonal"

    @property
    def size(self) -> int:
        return 2 * self.components

    def split(self, params: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, raw = params.chunk(2, dim=-1)
        return mean, positive(raw)

    def nll(self, mean: torch.Tensor, factor: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        z = (target - mean) / factor
        return (0.5 * z**2 + factor.log()).mean(dim=-1) + 0.5 * math.log(2 * math.pi)

    def covariance(self, factor: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = torch.diag_embed(factor**2)
        return product


class FullGaussianHead(JointHead):
    """Correlated components: L = diag(scale) · (I + strictly lower triangle)."""

    name = "full"

    @property
    def size(self) -> int:
        return 2 * self.components + self.components * (self.components - 1) // 2

    def split(self, params: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        n = self.components
        mean, raw, below = params[..., :n], params[..., n : 2 * n], params[..., 2 * n :]
        unit = params.new_zeros(*params.shape[:-1], n, n)
        rows, columns = torch.tril_indices(n, n, offset=-1)
        unit[..., rows, columns] = _OFF_DIAGONAL * below
        unit = unit + torch.eye(n, dtype=params.dtype, device=params.device)
        return mean, positive(raw)[..., None] * unit

    def nll(self, mean: torch.Tensor, factor: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        z = torch.linalg.solve_triangular(factor, (target - mean)[..., None], upper=False)
        scale = torch.diagonal(factor, dim1=-2, dim2=-1)
        mean_nll: torch.Tensor = (0.5 * z[..., 0] ** 2 + scale.log()).mean(dim=-1)
        return mean_nll + 0.5 * math.log(2 * math.pi)

    def covariance(self, factor: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = factor @ factor.transpose(-1, -2)
        return product


#: Name of the covariance -> head.
JOINT_HEADS: dict[str, type[JointHead]] = {
    head.name: head for head in (DiagonalGaussianHead, FullGaussianHead)
}
