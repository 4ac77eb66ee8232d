"""The distribution of log10 density at cells of the grid, from that of the reduced state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from models.contract import FloatArray
from models.emulators.error_model import factors
from models.transforms.principal_components import PrincipalComponents

#: Hours per step: what they need stays small.
_HOURS = 64


def cell_distribution(
    components: PrincipalComponents,
    mean: FloatArray,
    covariance: FloatArray,
    left_out: FloatArray,
    cells: npt.NDArray[np.int64] | slice = slice(None),
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of log10 density, hour × cell, float32.

    mean        hour × component
    covariance  hour × component × component
    left_out    hour: variance of what the components leave out, relative to its mean
    cells       which cells, all by default
    """
    basis = torch.from_numpy(np.ascontiguousarray(components.basis[cells]))
    residual = torch.from_numpy(components.residual[cells])
    left = torch.from_numpy(left_out.astype(np.float32))[:, None] * residual
    centre = torch.from_numpy(components.mean[cells])
    state = torch.from_numpy(mean.astype(np.float32))
    factor = torch.from_numpy(factors(covariance).astype(np.float32))
    average = torch.addmm(centre, state, basis.T)
    spread = torch.empty_like(average)
    for start in range(0, len(state), _HOURS):
        part = slice(start, start + _HOURS)
        spread[part] = torch.matmul(basis, factor[part]).square_().sum(dim=-1)
    return average.numpy(), spread.add_(left).sqrt_().numpy()
