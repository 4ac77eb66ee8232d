"""Targets in the place of weights: the algebra, both kinds of networks, and what is refused."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from models.cells.tanh import Tanh
from models.errors import ConfigError
from models.forecasters.network import NetworkForecaster
from models.forecasters.rollout import NetworkRollout
from models.forecasters.settings import (
    NetworkConfig,
    RolloutConfig,
    TrainingConfig,
    training_config,
)
from models.forecasters.target_options import TargetOptions
from models.forecasters.target_space import DenseLayer, RecurrentLayer, TargetSpace, ridge
from tests.models.emulators.worlds import QUICK, rollouts
from tests.models.emulators.worlds import split as split_rollouts
from tests.models.forecasters.signals import ar_windows, split

TARGET = TrainingConfig(epochs=3, learning_rate=1e-2, parametrisation="target")
SMALL = TargetOptions(ridge=1e-6, probe_rows=40)


class Net(nn.Module):
    """A tanh layer, then two dense ones on its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = Tanh(2, 3)
        self.hidden = nn.Linear(3, 4)
        self.output = nn.Linear(4, 1)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.output(torch.tanh(self.hidden(self.cell(past)[0][:, -1])))
        return out


def space_of(past: torch.Tensor, options: TargetOptions = SMALL, layers: int = 1) -> TargetSpace:
    names = ["cell", "above"][:layers]
    return TargetSpace(
        [RecurrentLayer(name, 3) for name in names],
        [DenseLayer("hidden", 4, torch.tanh), DenseLayer("output", 1, nn.Identity())],
        past,
        past.new_zeros(len(past), 1, 0),
        options,
    )


def probe(rows: int = 60) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(rows, 7, 2)


def settings(cell: str = "tanh", **changed: Any) -> NetworkConfig:
    return NetworkConfig(**{"cell": cell, "hidden_size": 6, "head_size": 5, **changed})


def test_weights_are_the_ridge_regression_of_the_targets_on_what_the_layer_reads() -> None:
    reads, target = torch.randn(50, 4), torch.randn(50, 3)
    weight, bias = ridge(reads, target, 0.5, torch.float64)
    design = np.column_stack([np.ones(50), reads.numpy()]).astype(np.float64)
    expected = np.linalg.solve(design.T @ design + 0.5 * np.eye(5), design.T @ target.numpy())
    np.testing.assert_allclose(weight.numpy(), expected[1:].T, atol=1e-6)
    np.testing.assert_allclose(bias.numpy(), expected[0], atol=1e-6)


def test_columns_that_repeat_have_weights_because_of_the_penalty() -> None:
    reads = torch.randn(50, 1).repeat(1, 3)
    weight, _ = ridge(reads, reads[:, :1], 0.001, torch.float64)
    torch.testing.assert_close(weight, torch.full((1, 3), 1 / 3), atol=1e-4, rtol=0.0)


def test_targets_that_adopt_a_network_give_its_weights_back() -> None:
    past, net = probe(), Net()
    space = space_of(past)
    space.adopt(dict(net.named_parameters()))
    got = space.weights()
    assert set(got) == {name for name, _ in net.named_parameters()}
    for name, value in net.named_parameters():
        torch.testing.assert_close(got[name], value.detach(), atol=2e-3, rtol=0.0)


def test_first_targets_are_reachable_so_that_the_network_makes_them_of_the_probe() -> None:
    past, net = probe(), Net()
    torch.manual_seed(0)
    space = space_of(past)
    net.load_state_dict(space.weights())
    torch.testing.assert_close(net(past), space.targets[-1].detach(), atol=2e-3, rtol=0.0)


def test_gradients_reach_every_target_in_both_ways_of_untangling() -> None:
    past, net = probe(), Net()
    for untangling in ("scu", "ocu"):
        torch.manual_seed(0)
        space = space_of(past, replace(SMALL, untangling=untangling))
        out = torch.func.functional_call(net, space.weights(), (past,))
        torch.autograd.backward(out.square().mean())
        for target in space.parameters():
            assert target.grad is not None
            assert float(target.grad.abs().max()) > 0


def test_optimistic_untangling_reads_what_layers_should_make() -> None:
    """Layers that cannot make their targets give other weights further on; at first they can."""
    past = probe()
    found = []
    for untangling in ("scu", "ocu"):
        torch.manual_seed(0)
        space = space_of(past, replace(SMALL, untangling=untangling))
        with torch.no_grad():
            space.targets[0].copy_(torch.randn_like(space.targets[0]))
        found.append(space.weights()["output.weight"])
    assert not torch.allclose(*found, atol=1e-2)


def test_layers_of_tanh_may_be_stacked() -> None:
    weights = space_of(probe(), layers=2).weights()
    assert weights["above.inputs.weight"].shape == (3, 3)
    assert weights["above.recurrent.weight"].shape == (3, 3)


@pytest.mark.parametrize("untangling", ["scu", "ocu"])
def test_a_direct_network_learns_and_is_kept_as_a_plain_one(untangling: Any) -> None:
    train, valid = split(ar_windows(), 80)
    how = replace(
        TARGET, epochs=12, batch_size=64, target=replace(SMALL, untangling=untangling, ridge=1e-3)
    )
    network = settings(dropout=0.0)
    model = NetworkForecaster(network, how).fit(train, valid)
    wanted = np.nan_to_num(valid.target)
    known = np.isfinite(valid.target)
    error = (((model.predict(valid).mean - wanted) ** 2) * known).sum() / (wanted**2).sum()
    assert error < 0.6
    state = model.state()
    plain = NetworkForecaster(network, TrainingConfig(epochs=1)).fit(train, valid).state()
    assert {n: a.shape for n, a in state.arrays.items()} == {
        n: a.shape for n, a in plain.arrays.items()
    }
    stored = replace(state, config=json.loads(json.dumps(state.config)))
    again = NetworkForecaster.from_state(stored)
    assert again.training == how
    assert np.array_equal(again.predict(valid).mean, model.predict(valid).mean)


def test_stacked_layers_of_a_network_all_learn_so() -> None:
    train, valid = split(ar_windows(), 80)
    one, more = (
        NetworkForecaster(settings(layers=2), replace(TARGET, epochs=epochs)).fit(train, valid)
        for epochs in (1, 3)
    )
    name = "weights.network.backbone.cells.1.recurrent.weight"
    assert not np.array_equal(one.state().arrays[name], more.state().arrays[name])


def test_the_same_seed_gives_the_same_bits() -> None:
    train, valid = split(ar_windows(), 80)
    first, second = (
        NetworkForecaster(settings(), TARGET).fit(train, valid).predict(valid).mean
        for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_the_best_weights_are_kept_when_it_stops_early() -> None:
    train, valid = split(ar_windows(), 80)
    losses: list[float] = []
    how = replace(TARGET, epochs=6, patience=6, learning_rate=0.3)
    model = NetworkForecaster(settings(dropout=0.0), how)
    model.fit(train, valid, lambda _epoch, loss: losses.append(loss))
    error = model.predict(valid).mean - valid.target
    assert float(np.nanmean(error**2)) == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize("cell", ["tanh", "none"])
def test_rollouts_learn_in_target_space(cell: str) -> None:
    train, valid = split_rollouts(rollouts(step=4))
    how: Any = {"parametrisation": "target", "learning_rate": 0.05}
    config = replace(
        QUICK,
        network=replace(QUICK.network, cell=cell),
        static=replace(QUICK.static, epochs=12, **how),
        training=replace(QUICK.training, epochs=4, **how),
    )
    model = NetworkRollout(config).fit(train, valid)
    error = ((model.predict(train).mean - train.target) ** 2).mean()
    assert error < 0.3 * train.target.var(axis=(0, 1)).mean()
    again = NetworkRollout.from_state(model.state())
    assert again.config == config
    assert np.array_equal(again.predict(valid).mean, model.predict(valid).mean)


def test_a_map_alone_may_learn_so_behind_any_cell() -> None:
    train, valid = split_rollouts(rollouts(step=4))
    network = replace(QUICK.network, cell="gru")
    plain = replace(QUICK, network=network, static=replace(QUICK.static, epochs=2))
    made = replace(plain, static=replace(plain.static, parametrisation="target"))
    means = [NetworkRollout(how).fit(train, valid).predict(valid).mean for how in (made, plain)]
    assert np.isfinite(means[0]).all()
    assert not np.array_equal(*means)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (settings("lstm"), "expected a network with cell tanh.*got 'lstm'"),
        (settings(readout="soft_gbdt"), "expected network.readout dense, got 'soft_gbdt'"),
        (settings(series_embedding=2), "got network.series_embedding 2"),
    ],
)
def test_networks_without_targets_are_refused(network: NetworkConfig, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        NetworkForecaster(network, TARGET)


def test_rollouts_of_other_cells_are_refused() -> None:
    config = RolloutConfig(training=TARGET)
    with pytest.raises(ConfigError, match=r"cell tanh or none.*got 'lstm'"):
        NetworkRollout(config)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ridge": 0.0}, r"training\.target\.ridge: expected above 0, got 0"),
        ({"untangling": "both"}, r"untangling: expected scu or ocu, got 'both'"),
        ({"probe_rows": 1}, r"probe_rows: expected 2 or more, got 1"),
        ({"precision": "half"}, r"precision: expected float32 or float64, got 'half'"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        TargetOptions(**wrong)


def test_noise_on_weights_that_are_not_learnt_is_refused() -> None:
    with pytest.raises(ConfigError, match="no weights to perturb"):
        replace(TARGET, weight_noise=0.1)


def test_settings_come_back_and_old_ones_have_none() -> None:
    assert training_config(asdict(TARGET)) == TARGET
    assert training_config({"epochs": 3}).parametrisation == "weight"
