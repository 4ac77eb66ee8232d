"""The training step of direct forecasters, as a Lightning module."""

from __future__ import annotations

import torch

from models.contract import Batch
from models.forecasters.direct_loss import direct_loss
from models.forecasters.direct_network import DirectNetwork
from models.forecasters.optimisation import Optimisation
from models.forecasters.trained_module import TrainedModule
from models.heads import Head


class DirectForecaster(TrainedModule[Batch]):
    """A backbone and a head on its last state, trained for all leads at once.

    head, loss    what the outputs mean and what is minimised, in standardised units
    """

    def __init__(
        self, network: DirectNetwork, head: Head, loss: str, optimisation: Optimisation
    ) -> None:
        super().__init__(optimisation)
        self.network = network
        self.head = head
        self._loss = loss

    def loss(self, batch: Batch) -> torch.Tensor:
        """Weighted mean loss of one batch, over the outcomes that are known."""
        return direct_loss(self.network, self.head, self._loss, batch)

    def share(self, batch: Batch) -> float:
        """The known outcomes, weighted."""
        return float((torch.isfinite(batch.target) * batch.weight[:, None]).sum())
