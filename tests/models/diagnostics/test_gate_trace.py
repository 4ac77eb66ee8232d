"""The trace of gates: where they are open, in every layer, while a network forecasts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.cell_stack import CellStack
from models.diagnostics.gate_trace import gate_trace, has_gates
from models.errors import ConfigError

PAST = torch.randn(3, 10, 2, generator=torch.Generator().manual_seed(0))


def stack(layers: int = 2) -> CellStack:
    torch.manual_seed(0)
    made = make_backbone("gatelord", Shape(2, 5, layers))
    assert isinstance(made, CellStack)
    return made.eval()


def test_a_gate_that_is_shut_but_at_one_step_tells_that_step() -> None:
    network = stack(layers=1)
    cell = network.cells[0]
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        cell.inputs.bias[:5] = -1.0
        cell.inputs.weight[2, 0] = 1.0  # the third gate opens where the first channel is large
    past = torch.zeros(2, 6, 2)
    past[0, 4, 0] = 3.0
    trace = gate_trace(network, lambda: network(past))
    assert trace.changed.tolist() == [[False] * 4 + [True, False], [False] * 6]
    assert trace.open_share[0, 4] == pytest.approx(0.2)
    assert trace.opening[0, 4, 2] == pytest.approx(float(torch.tanh(torch.tensor(2.0))))
    assert trace.opening.sum() == pytest.approx(trace.opening[0, 4, 2])


def test_gates_of_all_layers_are_side_by_side_and_say_when_the_state_moved() -> None:
    network = stack()
    trace = gate_trace(network, lambda: network(PAST))
    assert trace.opening.shape == (3, 10, 10)
    with torch.no_grad():
        lower, _ = network.cells[0](PAST)
        torch.testing.assert_close(
            torch.from_numpy(trace.opening[..., 5:]), network.cells[1].gates(lower)
        )
        before = torch.zeros(3, 5)
        for step in range(10):
            _, (after,) = network.cells[0](PAST[:, step : step + 1], (before,))
            moved = (after != before).numpy()
            np.testing.assert_array_equal(moved, trace.opening[:, step, :5] > 0)
            before = after


def test_several_runs_are_averaged_and_nothing_is_left_behind() -> None:
    network = stack()
    once = gate_trace(network, lambda: network(PAST))
    twice = gate_trace(network, lambda: (network(PAST), network(PAST)))
    assert (once.opening == twice.opening).all()
    half = gate_trace(network, lambda: (network(PAST), network(0 * PAST)))
    assert (half.opening != once.opening).any()
    assert not any(part._forward_hooks for part in network.modules())
    with pytest.raises(RuntimeError):
        gate_trace(network, lambda: network(PAST[..., :1]))
    assert not any(part._forward_hooks for part in network.modules())


def test_networks_without_such_gates_and_runs_of_others_are_refused() -> None:
    other = make_backbone("lstm", Shape(2, 5))
    assert not has_gates(other)
    assert has_gates(stack())
    with pytest.raises(ConfigError, match="no cell of this network has gates that shut"):
        gate_trace(other, lambda: other(PAST))
    with pytest.raises(ConfigError, match="the forecast did not run this network"):
        gate_trace(stack(), lambda: other(PAST))
