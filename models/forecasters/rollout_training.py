"""Training of a rollout network, by Lightning: its map on single hours, then all of it."""

from __future__ import annotations

from typing import Any

from models.forecasters.optimisation import Optimisation, Report
from models.forecasters.rollout_batches import (
    RolloutScaling,
    RolloutSource,
    SampledRollouts,
    ShuffledHours,
)
from models.forecasters.rollout_modules import RolloutModule, StaticModule
from models.forecasters.rollout_network import RolloutNetwork
from models.forecasters.settings import MEMORYLESS, RolloutConfig, TrainingConfig
from models.forecasters.trained_module import TrainedModule
from models.forecasters.training import Validation, run_training
from models.forecasters.weight_noise import with_weight_noise
from models.rollouts import Rollouts

#: Rows per forward pass of a validation.
CHUNK = 256


def train_rollouts(
    network: RolloutNetwork,
    train: Rollouts,
    valid: Rollouts,
    scaling: RolloutScaling,
    config: RolloutConfig,
    report: Report | None = None,
) -> None:
    """Train in place; `valid` is read for stopping and reports alone."""
    static, seed = config.static, config.training.seed
    hours = ShuffledHours(train, scaling, static.batch_size, seed)
    _train(StaticModule(network, Optimisation.of(static, len(hours))), hours, static)
    if config.network.cell == MEMORYLESS:
        return
    training = config.training
    source = RolloutSource(train, scaling)
    batches = SampledRollouts(source, train, training.batch_size, config.unknown_start, seed)
    module = RolloutModule(network, Optimisation.of(training, len(batches)))
    callbacks = []
    if report is not None or training.patience is not None:
        seen = RolloutSource(valid, scaling)
        callbacks = [Validation(lambda: seen.in_order(CHUNK), training.patience, report)]
    _train(module, batches, training, callbacks)


def _train(
    module: TrainedModule[Any],
    batches: Any,
    settings: TrainingConfig,
    callbacks: list[Validation] | None = None,
) -> None:
    run_training(
        module,
        batches,
        epochs=settings.epochs,
        gradient_clip=settings.gradient_clip,
        accelerator=settings.accelerator,
        callbacks=with_weight_noise(callbacks or [], settings.weight_noise),
    )
