"""GateL0RD: gates that are exactly shut, a penalty that acts on open ones, a trace of both."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.cell_stack import CellStack
from models.backbones.options import BackboneOptions
from models.cells.gatelord import GateLord, opened
from models.cells.penalty import penalties
from models.errors import ConfigError
from models.forecasters.network import NetworkConfig, NetworkForecaster, TrainingConfig
from tests.models.forecasters.signals import ar_windows

INPUTS = torch.randn(4, 9, 3, generator=torch.Generator().manual_seed(0))


def made() -> GateLord:
    torch.manual_seed(0)
    return GateLord(3, 5)


def test_a_state_behind_shut_gates_stays_to_the_bit() -> None:
    cell = made().eval()
    with torch.no_grad():
        cell.inputs.bias[:5] = -50.0
        start = torch.randn(4, 5)
        _, (after,) = cell(INPUTS, (start,))
        assert torch.equal(after, start)
        assert (cell.gates(INPUTS, (start,)) == 0).all()


def test_it_follows_the_equations_of_the_paper() -> None:
    cell = made().eval()
    h, expected = torch.zeros(5), []
    for x in INPUTS[1]:
        given, kept = cell.inputs.weight @ x + cell.inputs.bias, cell.change.weight @ h
        gate = torch.clamp(torch.tanh(given[:5] + kept[:5]), min=0.0)
        h = gate * torch.tanh(given[5:10] + kept[5:]) + (1 - gate) * h
        read = cell.reading.weight @ h
        expected.append(torch.tanh(given[10:15] + read[:5]) * torch.sigmoid(given[15:] + read[5:]))
    torch.testing.assert_close(cell(INPUTS)[0][1], torch.stack(expected))


def test_the_penalty_is_the_share_of_open_gates_and_only_there_in_training() -> None:
    cell = made()
    cell.penalise(2.0)
    torch.manual_seed(3)
    cell(INPUTS)
    assert cell.penalty is not None
    torch.manual_seed(3)
    share = (cell.gates(INPUTS) > 0).float().mean()
    assert float(cell.penalty.detach()) == pytest.approx(2.0 * float(share))
    cell.eval()(INPUTS)
    assert cell.penalty is None


def test_the_penalty_of_the_last_batch_does_not_outlive_the_training() -> None:
    cell = made()
    cell(INPUTS)
    assert cell.penalty is not None
    # MC dropout copies a trained network before it runs it; a tensor of a graph cannot be copied.
    assert deepcopy(cell.eval()).penalty is None


def test_the_gradient_of_the_penalty_reaches_open_gates_alone() -> None:
    gates = torch.tensor([0.0, 0.3, 0.9], requires_grad=True)
    torch.testing.assert_close(opened(gates), torch.tensor([0.0, 1.0, 1.0]))
    raw = torch.tensor([-0.5, 0.3, 1.2], requires_grad=True)
    opened(torch.relu(torch.tanh(raw))).sum().backward()
    assert raw.grad is not None
    torch.testing.assert_close(raw.grad, torch.tensor([0.0, 1.0, 1.0]) * (1 - raw.tanh() ** 2))


def test_noise_is_on_the_gates_in_training_only() -> None:
    cell = made().train()
    assert not torch.equal(cell(INPUTS)[0], cell(INPUTS)[0])
    cell.eval()
    assert torch.equal(cell(INPUTS)[0], cell(INPUTS)[0])


def test_its_penalty_reaches_the_loss_of_a_forecaster() -> None:
    options = BackboneOptions(gate_penalty=0.5)
    backbone = make_backbone("gatelord", Shape(3, 5, layers=2), options).train()
    assert isinstance(backbone, CellStack)
    backbone(INPUTS)
    assert float(penalties(backbone).detach()) > 0
    windows = ar_windows()
    training = TrainingConfig(epochs=6, batch_size=64, learning_rate=1e-2)
    config = NetworkConfig(cell="gatelord", hidden_size=8, options=options)
    share = []
    for penalty in (0.0, 0.5):
        chosen = replace(config, options=BackboneOptions(gate_penalty=penalty))
        model = NetworkForecaster(chosen, training).fit(windows, windows.select(np.arange(0)))
        network, _ = model.network_and_scaling()
        cell = network.backbone.cells[0]
        share.append(
            float((cell.gates(torch.randn(8, 6, windows.channels.shape[2])) > 0).float().mean())
        )
    assert share[1] < share[0]


def test_a_negative_penalty_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"options\.gate_penalty: expected 0 or more, got -1"):
        BackboneOptions(gate_penalty=-1)
