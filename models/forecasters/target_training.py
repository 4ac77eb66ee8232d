"""Training in target space, by Lightning: any training step, with weights from targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytorch_lightning as pl
import torch

from models.forecasters.settings import TrainingConfig
from models.forecasters.target_layers import TARGET
from models.forecasters.target_space import TargetSpace
from models.forecasters.trained_module import TrainedModule
from models.forecasters.training import run_training
from models.forecasters.weight_noise import with_weight_noise


class TargetModule(TrainedModule[Any]):
    """Trains a network's targets, and as weights what has none.

    plain  has the network as `network`, and its loss
    """

    def __init__(self, plain: TrainedModule[Any], space: TargetSpace) -> None:
        super().__init__(replace(plain.optimisation, weight_decay=0.0))
        self.plain = plain
        self.space = space
        replaced = {f"network.{name}" for name in space.weights()}
        for name, parameter in plain.named_parameters():
            parameter.requires_grad_(name not in replaced)

    def loss(self, batch: Any) -> torch.Tensor:
        weights = {f"plain.network.{name}": w for name, w in self.space.weights().items()}
        loss: torch.Tensor = torch.func.functional_call(self, weights, (batch,))
        return loss

    def forward(self, batch: Any) -> torch.Tensor:
        return self.plain.loss(batch)

    def share(self, batch: Any) -> float:
        return self.plain.share(batch)

    @torch.no_grad()
    def write_weights(self) -> None:
        """Write the weights into the network, which is a plain one again."""
        network = self.plain.get_submodule("network")
        network.load_state_dict(self.space.weights(), strict=False)
        for parameter in network.parameters():
            parameter.requires_grad_(True)


def run_parametrised(
    module: TrainedModule[Any],
    space: Callable[[], TargetSpace],
    batches: Iterable[Any],
    training: TrainingConfig,
    callbacks: Sequence[pl.Callback],
) -> None:
    """Fit a module whose network is `module.network`, in weight space or in target space.

    space   makes its targets, when they are needed
    """
    in_targets = training.parametrisation == TARGET
    trained = TargetModule(module, space()) if in_targets else module
    run_training(
        trained,
        batches,
        epochs=training.epochs,
        # A clipped gradient of targets is no gradient of the weights' loss any more.
        gradient_clip=None if in_targets else training.gradient_clip,
        accelerator=training.accelerator,
        callbacks=with_weight_noise(callbacks, training.weight_noise),
    )
    if isinstance(trained, TargetModule):
        trained.write_weights()
