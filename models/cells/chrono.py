"""How gates that keep the state begin: spread over the time that is to be bridged.

A bias b keeps a share sigma(b) per step, so that a state lasts about 1 + exp(b) steps.
With b = 1 it has lost most after ten. Biases log(u), u uniform on [1, T - 1], give units
that last anything up to the T steps of a window (Tallec and Ollivier 2018, "Can recurrent
neural networks warp time?", section 2).
"""

from __future__ import annotations

import torch


def keep_bias(size: int, steps: int) -> torch.Tensor:
    """First biases of the gates that keep the state, unit, drawn from torch's random state.

    steps   of a window; below three there is nothing to bridge and the bias is zero
    """
    longest = max(float(steps) - 1.0, 1.0)
    return torch.empty(size).uniform_(1.0, longest).log_() if longest > 1.0 else torch.zeros(size)
