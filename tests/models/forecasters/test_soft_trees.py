"""Soft trees: what a tree is, what boosting minimises, and that both jobs can pick them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.emulators import catalogue
from models.errors import ConfigError
from models.forecasters.batches import BatchSource
from models.forecasters.direct_loss import direct_loss
from models.forecasters.network import NetworkForecaster
from models.forecasters.optimisation import Optimisation
from models.forecasters.readout import Dense
from models.forecasters.rollout_batches import RolloutScaling, RolloutSource
from models.forecasters.rollout_modules import RolloutModule
from models.forecasters.rollout_network import RolloutNetwork
from models.forecasters.settings import NetworkConfig, RolloutNetworkConfig, TrainingConfig
from models.forecasters.soft_trees import SoftTrees, SoftTreesOptions, make_readout
from models.heads import HEADS, PointHead
from tests.models.emulators.worlds import QUICK, rollouts
from tests.models.emulators.worlds import split as split_rollouts
from tests.models.forecasters.signals import ar_windows, split

FITTED = TrainingConfig(epochs=30, learning_rate=1e-2, batch_size=64)


def trees(count: int = 3, depth: int = 2, loss: str = "summed", rate: float = 0.5) -> SoftTrees:
    torch.manual_seed(0)
    options = SoftTreesOptions(count, depth, rate, loss)  # type: ignore[arg-type]
    return SoftTrees(4, 2, options)


def features(rows: int = 5) -> torch.Tensor:
    return torch.randn(rows, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_leaf_weights_of_a_tree_sum_to_one(depth: int) -> None:
    weights = trees(depth=depth).leaf_weights(features())
    assert weights.shape == (5, 3, 2**depth)
    assert (weights > 0).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(5, 3))


def test_a_steep_tree_of_depth_one_is_a_hard_split() -> None:
    tree = trees(count=1, depth=1, rate=1.0)
    with torch.no_grad():
        tree.gates.weight.copy_(torch.tensor([[1e4, 0.0, 0.0, 0.0]]))
        tree.gates.bias.zero_()
    left, right = tree.leaves[0]
    expected = torch.where(features()[:, :1] > 0, right, left)
    torch.testing.assert_close(tree(features()), expected)


def test_leaves_lie_from_left_to_right_along_their_paths() -> None:
    tree = trees(count=1, depth=2)
    with torch.no_grad():
        tree.gates.weight.zero_()
        # Root, then its left and its right child.
        tree.gates.bias.copy_(torch.logit(torch.tensor([0.2, 0.3, 0.6])))
    weights = tree.leaf_weights(features(1))[0, 0]
    torch.testing.assert_close(weights, torch.tensor([0.8 * 0.7, 0.8 * 0.3, 0.2 * 0.4, 0.2 * 0.6]))


def test_the_forecast_is_the_rate_times_the_sum_of_all_trees() -> None:
    forest = trees()
    torch.testing.assert_close(forest(features()), 0.5 * forest.each(features()).sum(dim=1))
    torch.testing.assert_close(forest.stages(features())[-1], forest(features()))


def test_hours_of_a_rollout_are_rows_too() -> None:
    forest, hours = trees(), features(6)
    torch.testing.assert_close(forest(hours.view(2, 3, 4)), forest(hours).view(2, 3, 2))


def test_the_loss_is_that_of_every_tree_on_what_those_before_it_left() -> None:
    """Written as in the paper: the sum over trees of MSE(rate · f_j, r_j)."""
    forest, target = trees(), torch.ones(5, 2)
    left, wanted = target, torch.zeros(())
    for tree in forest.each(features()).unbind(1):
        wanted = wanted + (0.5 * tree - left).square().mean()
        left = left - 0.5 * tree
    got = sum((stage - target).square().mean() for stage in forest.stages(features()))
    torch.testing.assert_close(got, wanted)


def first_leaves_gradient(loss: str) -> torch.Tensor:
    forest = trees(loss=loss)
    forest.stages(features())[-1].square().sum().backward()
    assert forest.leaves.grad is not None
    return forest.leaves.grad[0].abs().sum()


def test_the_last_residual_moves_the_first_tree_unless_it_is_detached() -> None:
    assert first_leaves_gradient("summed") > 0
    assert first_leaves_gradient("final") > 0
    assert first_leaves_gradient("detached") == 0


def test_stages_have_the_same_values_detached_or_not_and_the_final_one_is_alone() -> None:
    summed, detached = trees().stages(features()), trees(loss="detached").stages(features())
    for one, other in zip(summed, detached, strict=True):
        torch.testing.assert_close(one, other)
    assert len(trees(loss="final").stages(features())) == 1


@pytest.mark.parametrize("head", HEADS)
def test_the_gradient_reaches_the_backbone_for_every_head(head: str) -> None:
    train, _ = split(ar_windows(times=40), 30)
    config = NetworkConfig(head=head, readout="soft_gbdt", zero_output=False, hidden_size=4)  # type: ignore[arg-type]
    model = NetworkForecaster(config, TrainingConfig(epochs=1)).fit(train, train)
    network, scaling = model.network_and_scaling()
    batch = next(BatchSource(train, scaling).in_order(16))
    network.train()
    direct_loss(network, HEADS[head](), HEADS[head].losses[0], batch).backward()
    moved = [p.grad.abs().max() for p in network.backbone.parameters() if p.grad is not None]
    assert len(moved) == 4
    assert min(moved) > 0


def test_the_direct_forecaster_learns_with_trees_all_leads_at_once() -> None:
    train, valid = split(ar_windows(noise=0.3, times=200), 150)
    config = NetworkConfig(readout="soft_gbdt", head_size=0, dropout=0.0, hidden_size=8)
    model = NetworkForecaster(config, FITTED).fit(train, valid)
    best = valid.history[valid.series, valid.origin][:, None] * 0.8 ** np.array([1, 2])
    error, least = (
        np.nanmean((mean - valid.target) ** 2, axis=0) for mean in (model.predict(valid).mean, best)
    )
    assert (error < 1.15 * least).all()


def test_an_untrained_network_with_trees_is_its_reference() -> None:
    readout = make_readout("soft_gbdt", 4, 2, SoftTreesOptions())
    readout.shrink(0.0)
    assert (readout(features()) == 0).all()
    assert isinstance(make_readout("dense", 4, 2, SoftTreesOptions()), Dense)


def test_validation_sees_the_forecast_alone() -> None:
    train, _ = split(ar_windows(times=40), 30)
    config = NetworkConfig(readout="soft_gbdt", zero_output=False)
    model = NetworkForecaster(config, TrainingConfig(epochs=1)).fit(train, train)
    network, scaling = model.network_and_scaling()
    batch = next(BatchSource(train, scaling).in_order(16))
    residual = torch.nan_to_num(batch.target)
    mask = torch.isfinite(batch.target)
    plain = PointHead().loss(network(batch), residual, mask, batch.weight, "mse")
    torch.testing.assert_close(direct_loss(network, PointHead(), "mse", batch), plain)
    network.hidden.eval()
    several = [
        PointHead().loss(s, residual, mask, batch.weight, "mse") for s in network.stages(batch)
    ]
    assert len(several) == 6


def test_rollouts_learn_with_trees_and_come_back_from_their_stored_form() -> None:
    train, valid = split_rollouts(rollouts())
    network = replace(QUICK.network, readout="soft_gbdt", soft_trees=SoftTreesOptions(2, 2))
    model = catalogue.build("gru", replace(QUICK, network=network)).fit(train, valid)
    forecast = model.predict(valid)
    error = float(np.mean((forecast.mean - valid.target) ** 2))
    assert error < 0.65 * float(np.var(valid.target))
    again = catalogue.restore(model.state()).predict(valid)
    assert np.array_equal(forecast.mean, again.mean)
    assert np.array_equal(forecast.covariance, again.covariance)


def test_the_loss_of_rollouts_is_summed_over_the_trees_in_training_alone() -> None:
    train, _ = split_rollouts(rollouts())
    batch = RolloutSource(train, RolloutScaling.fit(train)).batch(torch.arange(4))
    config = RolloutNetworkConfig(
        hidden_size=4, map_size=8, readout="soft_gbdt", soft_trees=SoftTreesOptions(3, 1)
    )
    network = RolloutNetwork(train.inputs.shape[1], 3, config)
    module = RolloutModule(network, Optimisation(1e-3, 0.0, None))
    stages = network.stages(batch)
    each = [network.head.nll(mean, factor, batch.target).mean() for mean, factor in stages]
    torch.testing.assert_close(module.loss(batch), torch.stack(each).sum())
    torch.testing.assert_close(module.eval().loss(batch), each[-1])
    torch.testing.assert_close(network(batch)[0], stages[-1][0])


def test_wrong_settings_are_refused_in_one_line() -> None:
    for wrong, words in (
        ({"trees": 0}, r"soft_trees\.trees: expected 1 or more, got 0"),
        ({"depth": 11}, r"soft_trees\.depth: expected 1 to 10, got 11"),
        ({"rate": 0.0}, r"soft_trees\.rate: expected above 0"),
        ({"loss": "some"}, r"soft_trees\.loss: expected summed, detached or final, got 'some'"),
    ):
        with pytest.raises(ConfigError, match=words):
            SoftTreesOptions(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"network\.readout: expected one of dense, soft_gbdt"):
        NetworkConfig(readout="forest")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"network\.readout: expected one of dense, soft_gbdt"):
        RolloutNetworkConfig(readout="forest")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"network\.readout: expected one of dense, soft_gbdt"):
        make_readout("forest", 1, 1, SoftTreesOptions())
