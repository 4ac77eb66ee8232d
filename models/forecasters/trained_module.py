"""What every Lightning module here shares: optimiser, schedule, mean loss over batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler

from models.cells.penalty import penalties
from models.forecasters.batches import to_device
from models.forecasters.optimisation import Optimisation

#: Below so many steps a one-cycle schedule has no room to rise and fall.
MIN_CYCLE_STEPS = 4

BatchT = TypeVar("BatchT")


class TrainedModule(pl.LightningModule, ABC, Generic[BatchT]):
    """A module that minimises the loss of batches of one kind, a frozen dataclass of tensors."""

    def __init__(self, optimisation: Optimisation) -> None:
        super().__init__()
        self.optimisation = optimisation

    @abstractmethod
    def loss(self, batch: BatchT) -> torch.Tensor:
        """Weighted mean loss of one batch."""

    @abstractmethod
    def share(self, batch: BatchT) -> float:
        """What a batch counts for in a mean over batches."""

    def training_step(self, batch: BatchT, _index: int) -> torch.Tensor:
        return self.loss(batch) + penalties(self)

    @torch.inference_mode()
    def mean_loss(self, batches: Iterable[BatchT]) -> float:
        """Loss over all batches, each counting by its share; NaN without any."""
        total = shares = 0.0
        for batch in batches:
            batch = to_device(batch, self.device)
            share = self.share(batch)
            total += float(self.loss(batch)) * share
            shares += share
        return total / shares if shares else float("nan")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        settings = self.optimisation
        optimizer = torch.optim.AdamW(
            self.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        if settings.steps is None or settings.steps < MIN_CYCLE_STEPS:
            return optimizer
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.learning_rate, total_steps=settings.steps
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def transfer_batch_to_device(self, batch: Any, device: torch.device, _index: int) -> Any:
        # Lightning would set the fields one by one, and a batch is frozen.
        return to_device(batch, device)
