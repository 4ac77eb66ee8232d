"""How long one training step takes, forward and backward, without the rest of a fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from models.contract import Windows
from models.forecasters.batches import BatchSource
from models.forecasters.network import NetworkForecaster
from models.forecasters.rollout_batches import RolloutScaling, RolloutSource
from models.forecasters.rollout_network import RolloutNetwork
from models.forecasters.settings import NetworkConfig, RolloutNetworkConfig, TrainingConfig
from models.rollouts import Rollouts
from models.transforms.scaling import WindowScaling

#: Rows of a step, and steps that are timed after one that warms up.
ROWS, ROLLOUT_ROWS, STEPS = 256, 32, 3


def direct_step_seconds(
    windows: Windows, network: NetworkConfig, training: TrainingConfig
) -> float:
    """Of a direct forecaster on some of the windows."""
    rows = windows.select(np.linspace(0, len(windows) - 1, ROWS).astype(np.int64))
    quick = replace(training, epochs=1, batch_size=ROWS)
    fitted = NetworkForecaster(replace(network, head="point"), quick).fit(rows, rows)
    made, _ = fitted.network_and_scaling()
    batch = BatchSource(rows, WindowScaling.fit(rows)).batch(torch.arange(ROWS))
    return _seconds(made, lambda: made(batch).square().mean())


def rollout_step_seconds(rollouts: Rollouts, config: RolloutNetworkConfig) -> float:
    """Of a rollout network on some of the rollouts."""
    rows = rollouts.select(np.linspace(0, len(rollouts) - 1, ROLLOUT_ROWS).astype(np.int64))
    shape = rows.inputs.shape[1], rows.state.shape[1]
    network = RolloutNetwork(*shape, config, rows.lookback + rows.horizon)
    batch = next(iter(RolloutSource(rows, RolloutScaling.fit(rows)).in_order(ROLLOUT_ROWS)))
    return _seconds(network, lambda: network(batch)[0].square().mean())


def _seconds(module: torch.nn.Module, loss: Callable[[], torch.Tensor]) -> float:
    module.train()
    weights = [one for one in module.parameters() if one.requires_grad]
    torch.autograd.grad(loss(), weights, allow_unused=True)
    begun = time.perf_counter()
    for _ in range(STEPS):
        torch.autograd.grad(loss(), weights, allow_unused=True)
    return time.perf_counter() - begun
