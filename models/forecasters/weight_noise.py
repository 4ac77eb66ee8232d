"""Training with noise on the weights: what is learnt must not hang on their last digits.

Each step sees weights with Gaussian noise, new for every batch, and its gradient moves those
without (Jim, Giles and Horne 1996; Graves, Mohamed and Hinton 2013 use a deviation of 0.075).
Biases are left alone. Validation and forecasts never see noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch


class WeightNoise(pl.Callback):
    """Perturb before a step, put back before its update.

    std   of the noise, in units of the weights
    """

    def __init__(self, std: float) -> None:
        self._std = std
        self._kept: list[tuple[torch.nn.Parameter, torch.Tensor]] = []

    def on_train_batch_start(
        self, _trainer: pl.Trainer, pl_module: pl.LightningModule, _batch: Any, _index: int
    ) -> None:
        weights = [p for p in pl_module.parameters() if p.requires_grad and p.dim() > 1]
        with torch.no_grad():
            # A copy, because adding and taking away again would not give the same bits.
            self._kept = [(weight, weight.detach().clone()) for weight in weights]
            for weight in weights:
                weight.add_(torch.randn_like(weight), alpha=self._std)

    def on_after_backward(self, _trainer: pl.Trainer, _module: pl.LightningModule) -> None:
        self._put_back()

    def on_exception(
        self, _trainer: pl.Trainer, _module: pl.LightningModule, _exception: BaseException
    ) -> None:
        self._put_back()

    def _put_back(self) -> None:
        with torch.no_grad():
            for weight, before in self._kept:
                weight.copy_(before)
        self._kept = []


def with_weight_noise(callbacks: Sequence[pl.Callback], std: float) -> list[pl.Callback]:
    """The callbacks, and the noise if there is any."""
    return [*callbacks, WeightNoise(std)] if std else list(callbacks)
