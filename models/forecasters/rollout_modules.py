"""The training steps of a rollout network: its map on single hours, then all of it."""

from __future__ import annotations

import torch

from models.forecasters.optimisation import Optimisation
from models.forecasters.rollout_batches import HourBatch
from models.forecasters.rollout_network import RolloutBatch, RolloutNetwork
from models.forecasters.trained_module import TrainedModule


class StaticModule(TrainedModule[HourBatch]):
    """Trains the map from the hour's drivers to the state, with the recurrent state at zero."""

    def __init__(self, network: RolloutNetwork, optimisation: Optimisation) -> None:
        super().__init__(optimisation)
        self.network = network

    def loss(self, batch: HourBatch) -> torch.Tensor:
        mean, factor = self.network.static(batch.inputs)
        nll = self.network.head.nll(mean, factor, batch.target)
        return (nll * batch.weight).sum() / batch.weight.sum()

    def share(self, batch: HourBatch) -> float:
        return float(batch.weight.sum())


class RolloutModule(TrainedModule[RolloutBatch]):
    """Trains on open-loop rollouts: negative log density of all hours ahead."""

    def __init__(self, network: RolloutNetwork, optimisation: Optimisation) -> None:
        super().__init__(optimisation)
        self.network = network

    def loss(self, batch: RolloutBatch) -> torch.Tensor:
        mean, factor = self.network(batch)
        nll = self.network.head.nll(mean, factor, batch.target).mean(dim=1)
        return (nll * batch.weight).sum() / batch.weight.sum()

    def share(self, batch: RolloutBatch) -> float:
        return float(batch.weight.sum())
