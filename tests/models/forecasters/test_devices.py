"""Nothing that is trained makes a tensor on another device than its batch.

torch's `meta` device holds no numbers, but it takes no tensor of the processor either, as a GPU
takes none; so this is told here without a GPU.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import BACKBONES, make_backbone
from models.backbones.options import BackboneOptions
from models.cells.penalty import penalties
from models.emulators.catalogue import ROLLOUT_MODELS
from models.forecasters.batches import BatchSource, to_device
from models.forecasters.lightning import DirectForecaster
from models.forecasters.network import NetworkConfig, NetworkForecaster
from models.forecasters.optimisation import Optimisation
from models.forecasters.pretraining import MaskedWindows, hide_hours, hide_past
from models.forecasters.rollout_batches import RolloutScaling, RolloutSource
from models.forecasters.rollout_modules import RolloutModule
from models.forecasters.rollout_network import RolloutNetwork
from models.forecasters.settings import RolloutNetworkConfig
from models.forecasters.target_layers import direct_space, rollout_space
from models.forecasters.target_options import TargetOptions
from models.forecasters.target_training import TargetModule
from models.forecasters.trained_module import TrainedModule
from models.heads import HEADS
from models.transforms.scaling import WindowScaling
from tests.models.emulators.worlds import drivers, rollouts
from tests.models.forecasters.signals import ar_windows

ELSEWHERE = torch.device("meta")
HOW = Optimisation(1e-3, 0.0, None)
OPTIONS = (
    BackboneOptions(),
    BackboneOptions(variational=True, gate="lstm", weight_norm=True),
)
STEPWISE = [name for name in BACKBONES if name in ROLLOUT_MODELS]
WINDOWS, ROLLOUTS = ar_windows(3, 20), rollouts(drivers(100))
SOURCE = BatchSource(WINDOWS, WindowScaling.fit(WINDOWS))
HOURS = RolloutSource(ROLLOUTS, RolloutScaling.fit(ROLLOUTS))


def a_batch(source: Any) -> Any:
    return to_device(source.batch(torch.arange(4)), ELSEWHERE)


def direct(**settings: Any) -> DirectForecaster:
    forecaster = NetworkForecaster(NetworkConfig(layers=2, **settings))
    network = forecaster._build(forecaster._shape_of(WINDOWS))
    return DirectForecaster(network, forecaster._head, forecaster._loss, HOW)


def rolled(**settings: Any) -> RolloutModule:
    config = RolloutNetworkConfig(layers=2, hidden_size=6, map_size=8, dropout=0.2, **settings)
    return RolloutModule(RolloutNetwork(ROLLOUTS.inputs.shape[1], 3, config), HOW)


def run_elsewhere(module: TrainedModule[Any], batch: Any) -> None:
    """A training step and a validation."""
    module = module.to(ELSEWHERE).train()
    torch.autograd.backward(module.loss(batch) + penalties(module))
    assert all(weights.device == ELSEWHERE for weights in module.parameters())
    module.eval()
    assert module.loss(batch).device == ELSEWHERE


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_trains_where_its_windows_are(name: str, options: BackboneOptions) -> None:
    run_elsewhere(direct(cell=name, options=options, series_embedding=2), a_batch(SOURCE))
    backbone = make_backbone(name, Shape(1, 6, 2, 0.2, 6), options)
    run_elsewhere(MaskedWindows(backbone, 1, hide_past, 0.3, HOW), a_batch(SOURCE))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", STEPWISE)
def test_every_backbone_trains_where_its_rollouts_are(name: str, options: BackboneOptions) -> None:
    module = rolled(cell=name, options=options)
    run_elsewhere(module, a_batch(HOURS))
    backbone, channels = make_backbone(name, Shape(39, 6, 2, 0.2, 36), options), 39
    assert module.network.channels == channels
    run_elsewhere(MaskedWindows(backbone, channels, hide_hours, 0.3, HOW), a_batch(HOURS))


@pytest.mark.parametrize("head", HEADS)
def test_every_head_and_readout_does(head: str) -> None:
    run_elsewhere(direct(head=head, readout="soft_gbdt"), a_batch(SOURCE))


def test_both_covariances_of_rollouts_do() -> None:
    for covariance in ("diagonal", "full"):
        module = rolled(covariance=covariance, readout="soft_gbdt")
        run_elsewhere(module, a_batch(HOURS))


@pytest.mark.parametrize("untangling", ["scu", "ocu"])
def test_target_space_does(untangling: Any) -> None:
    how = replace(TargetOptions(), untangling=untangling)
    plain = direct(cell="tanh")
    run_elsewhere(TargetModule(plain, direct_space(plain.network, SOURCE, how)), a_batch(SOURCE))
    open_loop = rolled(cell="tanh")
    space = rollout_space(open_loop.network, HOURS, how)
    run_elsewhere(TargetModule(open_loop, space), a_batch(HOURS))


def test_a_tensor_that_stays_behind_would_be_found() -> None:
    class Careless(MaskedWindows):
        def loss(self, batch: Any) -> torch.Tensor:
            return super().loss(batch) + (torch.ones(4) * batch.weight).sum()

    backbone = make_backbone("lstm", Shape(1, 6))
    with pytest.raises(RuntimeError, match="device"):
        run_elsewhere(Careless(backbone, 1, hide_past, 0.3, HOW), a_batch(SOURCE))
