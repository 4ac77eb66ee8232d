"""Dropout of a sequence: new units at every step, or the same ones at all of them.

The second is variational dropout (Gal and Ghahramani 2016, "A theoretically grounded application
of dropout in recurrent neural networks", section 4).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import dropout


def thinned(states: torch.Tensor, how: nn.Dropout, *, variational: bool) -> torch.Tensor:
    """row × time × width -> the same, with units left out while `how` is in training.

    variational   one mask per row, for all its steps
    """
    if not variational:
        return dropout(states, how.p, how.training)
    mask = states.new_ones(len(states), 1, states.shape[-1])
    return states * dropout(mask, how.p, how.training)
