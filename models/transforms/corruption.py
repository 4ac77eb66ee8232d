"""What a denoising autoencoder is shown in the place of a sample (Vincent et al. 2010, 3.3)."""

from __future__ import annotations

import torch

from models.transforms.autoencoder_settings import Corruption


def corrupted(
    values: torch.Tensor,
    kind: Corruption,
    noise: float,
    extremes: tuple[torch.Tensor, torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Values with some of them damaged, and which: both sample × input.

    noise     share of the values, or deviation
    extremes  lowest and highest value of each input, for salt and pepper

    Drawn from torch's random state.
    """
    if kind == "none" or not noise:
        return values, torch.zeros_like(values, dtype=torch.bool)
    if kind == "gaussian":
        return values + noise * torch.randn_like(values), torch.ones_like(values, dtype=torch.bool)
    hit = torch.rand_like(values) < noise
    if kind == "masking":
        return torch.where(hit, 0.0, values), hit
    low, high = extremes
    grain = torch.where(torch.rand_like(values) < 0.5, low, high)
    return torch.where(hit, grain, values), hit
