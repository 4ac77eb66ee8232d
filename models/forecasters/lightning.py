"""The training step: LSTM and GRU forecasters as Lightning modules."""

from __future__ import annotations

from typing import ClassVar

import torch

from models.backbones import recurrent
from models.contract import Batch
from models.forecasters.recurrent_network import DirectNetwork
from models.forecasters.trained_module import Optimisation, TrainedModule
from models.heads import Head


class DirectForecaster(TrainedModule[Batch]):
    """A recurrent backbone and a head on its last state, trained for all leads at once.

    head, loss    what the outputs mean and what is minimised, in standardised units
    """

    backbone: ClassVar[type[recurrent.Recurrent]]

    def __init__(
        self, network: DirectNetwork, head: Head, loss: str, optimisation: Optimisation
    ) -> None:
        super().__init__(optimisation)
        self.network = network
        self.head = head
        self._loss = loss

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return the parameters of the head, row × lead × size."""
        params: torch.Tensor = self.network(batch)
        return params

    def loss(self, batch: Batch) -> torch.Tensor:
        """Weighted mean loss of one batch, over the outcomes that are known."""
        residual = (batch.target - batch.reference) / batch.scale
        mask = torch.isfinite(residual)
        return self.head.loss(self(batch), residual, mask, batch.weight, self._loss)

    def share(self, batch: Batch) -> float:
        """The known outcomes, weighted."""
        return float((torch.isfinite(batch.target) * batch.weight[:, None]).sum())


class LSTM(DirectForecaster):
    """Direct forecaster on an LSTM."""

    backbone = recurrent.LSTM


class GRU(DirectForecaster):
    """Direct forecaster on a GRU."""

    backbone = recurrent.GRU


#: Name of the cell -> Lightning module.
MODULES: dict[str, type[DirectForecaster]] = {"lstm": LSTM, "gru": GRU}
