"""Losses that parts of a network add to the one of its task.

A module that has one leaves it in `penalty` when it runs in training, and the Lightning
module adds what it finds. None is no penalty.
"""

from __future__ import annotations

import torch
from torch import nn


def penalties(module: nn.Module) -> torch.Tensor | float:
    """Sum of the penalties that the parts of a module left in their last run."""
    found = [getattr(part, "penalty", None) for part in module.modules()]
    return sum((one for one in found if isinstance(one, torch.Tensor)), start=0.0)
