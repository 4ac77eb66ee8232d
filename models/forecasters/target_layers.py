"""Which layers of the two kinds of networks learn in target space, and on which probe."""

from __future__ import annotations

import torch
from torch import nn

from models.errors import ConfigError
from models.forecasters.batches import BatchSource
from models.forecasters.direct_network import DirectNetwork
from models.forecasters.rollout_batches import RolloutSource, ShuffledHours
from models.forecasters.rollout_network import OUTPUT_GAIN, RolloutNetwork
from models.forecasters.settings import (
    MEMORYLESS,
    NetworkConfig,
    RolloutConfig,
    TrainingConfig,
)
from models.forecasters.soft_trees import DENSE
from models.forecasters.target_options import TargetOptions
from models.forecasters.target_space import DenseLayer, RecurrentLayer, TargetSpace

TARGET = "target"
#: The recurrent layer whose targets have a closed form.
CELL = "tanh"


def check_target_space(network: NetworkConfig, training: TrainingConfig) -> None:
    """Raise ConfigError for a network that cannot be trained in target space, if it shall be."""
    if training.parametrisation != TARGET:
        return
    _check_cell(network.cell, (CELL,))
    _check_readout(network.readout)
    if network.series_embedding:
        raise ConfigError(
            f"training.parametrisation target: got network.series_embedding "
            f"{network.series_embedding}, but a learned vector has no targets; set it to 0"
        )


def check_rollout_target_space(config: RolloutConfig) -> None:
    """The same for rollouts; the map alone may stand behind any cell."""
    if config.training.parametrisation == TARGET:
        _check_cell(config.network.cell, (CELL, MEMORYLESS))
    if TARGET in (config.static.parametrisation, config.training.parametrisation):
        _check_readout(config.network.readout)


def direct_space(
    network: DirectNetwork, source: BatchSource, options: TargetOptions, *, adopt: bool = False
) -> TargetSpace:
    """Targets of all layers of a direct network; the probe is spread over the rows.

    adopt   go on from the network's weights
    """
    batch = source.batch(_spread(len(source), options.probe_rows))
    known = batch.known.flatten(1).index_select(1, network.known_columns)
    # An output layer that starts at zero, the reference, has targets of zero.
    gain = float(bool(network.output.get_parameter("weight").any()))
    space = TargetSpace(
        _recurrent(network.backbone),
        [*_dense("hidden", network.hidden), _output(network.output, gain)],
        batch.past,
        known[:, None],
        options,
    )
    if adopt:
        space.adopt(dict(network.named_parameters()))
    return space


def rollout_space(
    network: RolloutNetwork, source: RolloutSource, options: TargetOptions
) -> TargetSpace:
    """Targets of all layers of a rollout network, that go on from its weights.

    Every other row of the probe is without a known start.
    """
    rows = _spread(len(source), options.probe_rows)
    known = (torch.arange(len(rows)) % 2).float()
    batch = source.batch(rows, known * source.known(rows))
    first = batch.past.shape[1] - 1
    space = TargetSpace(
        [] if network.backbone is None else _recurrent(network.backbone),
        [*_dense("map", network.map), _output(network.output, OUTPUT_GAIN)],
        network.seen(batch),
        batch.inputs[:, first:],
        options,
        join=_before_states,
    )
    space.adopt(dict(network.named_parameters()))
    return space


def static_space(
    network: RolloutNetwork, hours: ShuffledHours, options: TargetOptions
) -> TargetSpace:
    """Targets of the map of a rollout network, with the recurrent state at zero."""
    inputs = hours.inputs[_spread(len(hours.inputs), options.probe_rows)]
    beside = torch.cat([inputs, inputs.new_zeros(len(inputs), network.hidden)], dim=1)[:, None]
    dense = [*_dense("map", network.map), _output(network.output, OUTPUT_GAIN)]
    return TargetSpace([], dense, beside[..., :0], beside, options)


def _check_cell(cell: str, known: tuple[str, ...]) -> None:
    if cell not in known:
        raise ConfigError(
            f"training.parametrisation target: expected a network with cell {' or '.join(known)}, "
            f"whose targets have a closed form, got {cell!r}; choose that cell, or "
            "parametrisation weight"
        )


def _check_readout(readout: str) -> None:
    if readout != DENSE:
        raise ConfigError(
            f"training.parametrisation target: expected network.readout {DENSE}, got {readout!r}; "
            "set it, or parametrisation weight"
        )


def _spread(count: int, wanted: int) -> torch.Tensor:
    return torch.linspace(0, count - 1, min(wanted, count)).long()


def _recurrent(backbone: nn.Module) -> list[RecurrentLayer]:
    """The layers of a stack of tanh cells."""
    cells = backbone.get_submodule("cells")
    weights = [cell.get_parameter("recurrent.weight") for cell in cells.children()]
    return [RecurrentLayer(f"backbone.cells.{i}", len(own)) for i, own in enumerate(weights)]


def _dense(name: str, layers: nn.Module) -> list[DenseLayer]:
    """Linear layers with what follows each; dropout has no part in a probe."""
    steps = list(layers.children())
    return [
        DenseLayer(f"{name}.{index}", one.out_features, steps[index + 1])
        for index, one in enumerate(steps)
        if isinstance(one, nn.Linear)
    ]


def _output(output: nn.Module, gain: float) -> DenseLayer:
    return DenseLayer("output", len(output.get_parameter("weight")), nn.Identity(), gain)


def _before_states(states: torch.Tensor, beside: torch.Tensor) -> torch.Tensor:
    return torch.cat([beside, states], dim=-1)
