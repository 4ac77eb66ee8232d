"""One small training loop for test tasks: Adam, clipped gradients, the best weights by validation.

Forecasters of the product are trained by Lightning; a task of the literature needs no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

#: Batch of indices into the training sequences -> mean loss.
TrainLoss = Callable[[Sequence[int]], torch.Tensor]


@dataclass(frozen=True)
class Fitting:
    """How a network is fitted.

    epochs, patience   passes at most, and those without a better validation loss before the end
    clip               largest norm of a gradient
    """

    learning_rate: float
    epochs: int
    batch_size: int = 16
    patience: int = 20
    clip: float = 1.0
    seed: int = 0


def fit(
    network: nn.Module,
    rows: int,
    train_loss: TrainLoss,
    valid_loss: Callable[[], float],
    how: Fitting,
) -> float:
    """Train in place, keep the weights of the best epoch; returns its validation loss.

    rows   training sequences, shuffled anew in each epoch by the seed
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=how.learning_rate)
    draw = np.random.default_rng(how.seed)
    best, stale, kept = float("inf"), 0, dict[str, torch.Tensor]()
    for _ in range(how.epochs):
        network.train()
        order = draw.permutation(rows)
        for start in range(0, rows, how.batch_size):
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(train_loss(order[start : start + how.batch_size].tolist()))
            nn.utils.clip_grad_norm_(network.parameters(), how.clip)
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            loss = valid_loss()
        stale += 1
        if loss < best:
            best, stale = loss, 0
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        if stale >= how.patience:
            break
    network.load_state_dict(kept)
    network.eval()
    return best
