"""Slopes of networks at their inputs, by automatic differentiation, in units of the inputs.

Inputs that the scaling holds at its limit have a slope of zero: the network does not see them
move.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from models.contract import Batch, FloatArray, Windows
from models.errors import ModelError
from models.forecasters.many_networks import SharedInputs
from models.forecasters.network import NetworkForecaster
from models.forecasters.rollout import NetworkRollout
from models.forecasters.rollout_batches import RolloutSource
from models.forecasters.rollout_network import RolloutBatch
from models.heads import HEADS
from models.rollouts import Rollouts
from models.transforms.scaling import LIMIT, Standardiser


def direct_slopes(
    networks: Sequence[NetworkForecaster], windows: Windows
) -> tuple[FloatArray, FloatArray] | None:
    """Slopes of the mean over networks of their standardised means, for one row.

    Returns lead × time × channel and lead × feature, or None where a network answers by MC
    dropout, whose mean is over many. Known features are moved alike for all leads. Raises
    ModelError for more than one row.
    """
    _require_one(len(windows))
    if any(network.network.mc_passes for network in networks):
        return None
    found = [_direct(network, windows) for network in networks]
    past, known = (np.mean(part, axis=0) for part in zip(*found, strict=True))
    return past, known


def rollout_slopes(
    member: NetworkRollout, rollouts: Rollouts, weights: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Slopes of sums of the mean state over one rollout.

    weights  lead × hour ahead × component: what is summed, in units of the state

    Returns lead × hour × feature over all hours that are read, and lead × hour × component of
    the known state (zero with an unknown start); None for MC dropout. Raises ModelError for
    more than one row.
    """
    _require_one(len(rollouts))
    if member.config.network.mc_passes and member.network.backbone is not None:
        return None
    scaling = member.scaling
    batch = RolloutSource(rollouts, scaling).batch(torch.arange(1))
    inputs, past = (_leaf(part) for part in (batch.inputs, batch.past))
    moved = RolloutBatch(inputs, past, batch.known, batch.target, batch.weight)
    mean, _ = member.network(moved)
    # The network speaks in standardised units of the state.
    scaled = torch.from_numpy((weights * scaling.state_scale).astype(np.float32))
    found = [_gradients((mean[0] * lead).sum(), (inputs, past)) for lead in scaled]
    by_input, by_past = (np.stack(part) for part in zip(*found, strict=True))
    return (
        _in_units(by_input[:, 0], inputs, scaling.inputs),
        _in_units(by_past[:, 0], past, scaling.state),
    )


def _direct(network: NetworkForecaster, windows: Windows) -> tuple[FloatArray, FloatArray]:
    module, scaling = network.network_and_scaling()
    head = HEADS[network.network.head]()
    (batch,) = SharedInputs.of(windows).batches(scaling, 1)
    past, known = (_leaf(part) for part in (batch.past, batch.known))
    moved = Batch(
        past, known, batch.reference, batch.scale, batch.target, batch.series, batch.weight
    )
    means = head.mean(module(moved))[0]
    found = [_gradients(mean, (past, known)) for mean in means]
    by_past, by_known = (np.stack(part) for part in zip(*found, strict=True))
    return (
        _in_units(by_past[:, 0], past, scaling.channels),
        _in_units(by_known[:, 0], known, scaling.known).sum(axis=1),
    )


def _leaf(values: torch.Tensor) -> torch.Tensor:
    return values.detach().clone().requires_grad_()


def _gradients(value: torch.Tensor, inputs: Sequence[torch.Tensor]) -> list[FloatArray]:
    """Of one number by each input; zeros where it does not depend on it."""
    found = torch.autograd.grad(value, inputs, retain_graph=True, materialize_grads=True)
    return [part.double().numpy() for part in found]


def _in_units(slopes: FloatArray, standardised: torch.Tensor, scale: Standardiser) -> FloatArray:
    """Per unit of what was standardised, lead × ...; zero where it is held at the limit."""
    free = np.abs(standardised.detach().numpy()[0]) < LIMIT
    return np.asarray(slopes * np.where(free, scale.factor, 0.0))


def _require_one(rows: int) -> None:
    if rows != 1:
        raise ModelError(f"slopes: expected one forecast, got {rows}")
