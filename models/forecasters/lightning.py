"""The training step: LSTM and GRU forecasters as Lightning modules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler

from models.backbones import recurrent
from models.contract import Batch
from models.forecasters.batches import to_device
from models.forecasters.recurrent_network import DirectNetwork
from models.heads import Head

#: Below so many steps a one-cycle schedule has no room to rise and fall.
MIN_CYCLE_STEPS = 4


@dataclass(frozen=True)
class Optimisation:
    """Settings of the optimiser; `steps` is the length of the one-cycle schedule, or None
    for a constant learning rate."""

    learning_rate: float
    weight_decay: float
    steps: int | None


class DirectForecaster(pl.LightningModule):
    """A recurrent backbone and a head on its last state, trained for all leads at once.

    head, loss    what the outputs mean and what is minimised, in standardised units
    """

    backbone: ClassVar[type[recurrent.Recurrent]]

    def __init__(
        self, network: DirectNetwork, head: Head, loss: str, optimisation: Optimisation
    ) -> None:
        super().__init__()
        self.network = network
        self.head = head
        self._loss = loss
        self._optimisation = optimisation

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return the parameters of the head, row × lead × size."""
        params: torch.Tensor = self.network(batch)
        return params

    def loss(self, batch: Batch) -> torch.Tensor:
        """Weighted mean loss of one batch, over the outcomes that are known."""
        residual = (batch.target - batch.reference) / batch.scale
        mask = torch.isfinite(residual)
        return self.head.loss(self(batch), residual, mask, batch.weight, self._loss)

    def training_step(self, batch: Batch, _index: int) -> torch.Tensor:
        return self.loss(batch)

    @torch.inference_mode()
    def mean_loss(self, batches: Iterable[Batch]) -> float:
        """Loss over all batches, each counting by its known, weighted outcomes."""
        total = shares = 0.0
        for batch in batches:
            batch = to_device(batch, self.device)
            share = float((torch.isfinite(batch.target) * batch.weight[:, None]).sum())
            total += float(self.loss(batch)) * share
            shares += share
        return total / shares if shares else float("nan")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        settings = self._optimisation
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

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, _index: int) -> Batch:
        # Lightning would set the fields one by one, and a batch is frozen.
        return to_device(batch, device)


class LSTM(DirectForecaster):
    """Direct forecaster on an LSTM."""

    backbone = recurrent.LSTM


class GRU(DirectForecaster):
    """Direct forecaster on a GRU."""

    backbone = recurrent.GRU


#: Name of the cell -> Lightning module.
MODULES: dict[str, type[DirectForecaster]] = {"lstm": LSTM, "gru": GRU}
