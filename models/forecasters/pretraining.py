"""Pre-training of a backbone: hide values of its windows, and let it fill them in.

A denoising autoencoder (Vincent et al. 2010) whose encoder is the backbone. A linear map of its
state after each step gives the values of that step; what counts are those that were hidden.
Outcomes are not needed. Choose it where few windows have one. After it the map is thrown away and
the backbone is trained for its task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import nn

from models.backbones.base import Backbone
from models.contract import Batch
from models.forecasters.optimisation import Optimisation
from models.forecasters.rollout_network import RolloutBatch
from models.forecasters.settings import TrainingConfig
from models.forecasters.trained_module import TrainedModule
from models.forecasters.training import run_training

#: (batch, share) -> what the backbone is shown, what it shall find, where that counts; each row ×
#: step × channel.
Hide = Callable[[Any, float], tuple[torch.Tensor, torch.Tensor, torch.Tensor]]


class Batches(Sized, Iterable[Any], Protocol):
    """Batches of one pass."""


class MaskedWindows(TrainedModule[Any]):
    """Trains a backbone to fill in; `hide` says what of a batch."""

    def __init__(
        self,
        backbone: Backbone,
        channels: int,
        hide: Hide,
        share: float,
        optimisation: Optimisation,
    ) -> None:
        super().__init__(optimisation)
        self.backbone = backbone
        self.fill = nn.Linear(backbone.hidden_size, channels)
        self._hide, self._share = hide, share

    def loss(self, batch: Any) -> torch.Tensor:
        """Mean squared error of the hidden values, in standard deviations."""
        shown, wanted, hidden = self._hide(batch, self._share)
        missed = (self.fill(self.backbone.states(shown)) - wanted).square()
        counts = hidden * batch.weight[:, None, None]
        loss: torch.Tensor = (missed * counts).sum() / counts.sum().clamp_min(1.0)
        return loss

    def share(self, batch: Any) -> float:
        return float(batch.weight.sum())


def pretrain(
    backbone: Backbone, batches: Batches, channels: int, hide: Hide, training: TrainingConfig
) -> None:
    """Train in place for `pretraining_epochs`; its loss has nothing to do with any outcome."""
    schedule = replace(training, epochs=training.pretraining_epochs)
    module = MaskedWindows(
        backbone, channels, hide, training.masked_share, Optimisation.of(schedule, len(batches))
    )
    run_training(
        module,
        batches,
        epochs=training.pretraining_epochs,
        gradient_clip=training.gradient_clip,
        accelerator=training.accelerator,
    )
    backbone.train()


def hide_past(batch: Batch, share: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hide single values of the past: a hidden one is the mean of its channel, zero."""
    hidden = torch.rand_like(batch.past) < share
    return torch.where(hidden, 0.0, batch.past), batch.past, hidden.float()


def hide_hours(
    batch: RolloutBatch, share: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hide single drivers, and the state of whole hours, which is said to be unknown there."""
    drivers, state = batch.inputs, torch.cat([batch.past, batch.target], dim=1)
    missing = torch.rand_like(drivers) < share
    unknown = torch.rand_like(state[..., :1]) < share
    # Of a row without a known start nothing is known before the origin, nor where outcomes are
    # missing: it counts for nothing.
    gap = ~torch.isfinite(state).all(dim=-1, keepdim=True)
    state = torch.where(gap, 0.0, state)
    gap[:, : batch.past.shape[1]] |= (batch.known == 0)[:, None, None]
    unknown = unknown | gap
    shown = torch.cat(
        [
            torch.where(missing, 0.0, drivers),
            torch.where(unknown, 0.0, state),
            (~unknown).float(),
        ],
        dim=-1,
    )
    wanted = torch.cat([drivers, state, torch.zeros_like(unknown, dtype=state.dtype)], dim=-1)
    sought = (unknown & ~gap).expand_as(state)
    hidden = torch.cat([missing, sought, torch.zeros_like(unknown)], dim=-1)
    return shown, wanted, hidden.float()
