"""The training steps of a rollout network: its map on single hours, then all of it."""

from __future__ import annotations

import torch

from models.forecasters.optimisation import Optimisation
from models.forecasters.rollout_batches import HourBatch
from models.forecasters.rollout_network import RolloutBatch, RolloutNetwork
from models.forecasters.trained_module import TrainedModule
from models.heads.multivariate_gaussian import JointHead


class StaticModule(TrainedModule[HourBatch]):
    """Trains the map from the hour's drivers to the state, with the recurrent state at zero."""

    def __init__(self, network: RolloutNetwork, optimisation: Optimisation) -> None:
        super().__init__(optimisation)
        self.network = network

    def loss(self, batch: HourBatch) -> torch.Tensor:
        losses = [
            self.network.head.nll(mean, factor, batch.target)
            for mean, factor in self.network.static_stages(batch.inputs)
        ]
        return _weighted(losses, batch.weight)

    def share(self, batch: HourBatch) -> float:
        return float(batch.weight.sum())


class RolloutModule(TrainedModule[RolloutBatch]):
    """Trains on open-loop rollouts: negative log density of all hours ahead."""

    def __init__(self, network: RolloutNetwork, optimisation: Optimisation) -> None:
        super().__init__(optimisation)
        self.network = network

    def loss(self, batch: RolloutBatch) -> torch.Tensor:
        network = self.network
        outputs = network.stages(batch) if self.training else [network(batch)]
        losses = [nll_of_rows(network.head, mean, factor, batch.target) for mean, factor in outputs]
        return _weighted(losses, batch.weight)

    def share(self, batch: RolloutBatch) -> float:
        return float(batch.weight.sum())


def nll_of_rows(
    head: JointHead, mean: torch.Tensor, factor: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Negative log density, row: its mean over all hours, zero for those without an outcome."""
    gap = ~torch.isfinite(target).all(dim=-1)
    nll = head.nll(mean, factor, torch.where(gap[..., None], mean.detach(), target))
    return torch.where(gap, 0.0, nll).mean(dim=1)


def _weighted(losses: list[torch.Tensor], weight: torch.Tensor) -> torch.Tensor:
    """Weighted mean over rows, summed over the stages of the readout."""
    nll = torch.stack(losses).sum(dim=0) if len(losses) > 1 else losses[0]
    return (nll * weight).sum() / weight.sum()
