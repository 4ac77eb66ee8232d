"""Training of a rollout network, by Lightning: its map on single hours, then all of it."""

from __future__ import annotations

import numpy as np

from models.errors import ModelError
from models.forecasters.optimisation import Optimisation, Report
from models.forecasters.pretraining import hide_hours, pretrain
from models.forecasters.rollout_batches import (
    RolloutScaling,
    RolloutSource,
    SampledRollouts,
    ShuffledHours,
)
from models.forecasters.rollout_modules import RolloutModule, StaticModule
from models.forecasters.rollout_network import RolloutNetwork
from models.forecasters.settings import MEMORYLESS, RolloutConfig
from models.forecasters.target_layers import rollout_space, static_space
from models.forecasters.target_training import run_parametrised
from models.forecasters.training import Validation
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
    """Train in place; `valid` is read for stopping and reports alone.

    Raises ModelError when these need outcomes and `valid` has none.
    """
    static, seed = config.static, config.training.seed
    hours = ShuffledHours(train, scaling, static.batch_size, seed)
    run_parametrised(
        StaticModule(network, Optimisation.of(static, len(hours))),
        lambda: static_space(network, hours, static.target),
        hours,
        static,
        [],
    )
    if config.network.cell == MEMORYLESS:
        return
    training = config.training
    source = RolloutSource(train, scaling)
    if training.pretraining_epochs and network.backbone is not None:
        hidden = SampledRollouts(source, train, training.batch_size, 0.0, seed)
        pretrain(network.backbone, hidden, network.channels, hide_hours, training)
    batches = SampledRollouts(source, train, training.batch_size, config.unknown_start, seed)
    module = RolloutModule(network, Optimisation.of(training, len(batches)))
    run_parametrised(
        module,
        lambda: rollout_space(network, source, training.target),
        batches,
        training,
        _callbacks(valid, scaling, training.patience, report),
    )


def _callbacks(
    valid: Rollouts, scaling: RolloutScaling, patience: int | None, report: Report | None
) -> list[Validation]:
    if patience is None and report is None:
        return []
    known = np.asarray(np.isfinite(valid.state).all(axis=1))
    if not known[valid.hours_ahead].any():
        raise ModelError(
            "no validation rollout has a known hour ahead: early stopping and reports need some; "
            "give validation rollouts or set training.patience to null"
        )
    seen = RolloutSource(valid, scaling)
    return [Validation(lambda: seen.in_order(CHUNK), patience, report)]
