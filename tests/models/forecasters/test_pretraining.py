"""Backbones that fill in hidden values before they learn their task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.contract import Windows
from models.errors import ConfigError, ModelError
from models.forecasters.batches import BatchSource, ShuffledBatches
from models.forecasters.network import NetworkForecaster
from models.forecasters.optimisation import Optimisation
from models.forecasters.pretraining import MaskedWindows, hide_hours, hide_past, pretrain
from models.forecasters.rollout import NetworkRollout
from models.forecasters.rollout_batches import RolloutScaling, RolloutSource
from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.transforms.scaling import WindowScaling
from tests.models.emulators.worlds import QUICK, rollouts
from tests.models.emulators.worlds import split as split_rollouts
from tests.models.forecasters.signals import ar_windows, split

BEFORE = TrainingConfig(pretraining_epochs=20, batch_size=64, learning_rate=1e-2, masked_share=0.3)
SMALL = NetworkConfig(hidden_size=8, dropout=0.0)


def source() -> BatchSource:
    windows = ar_windows(coefficient=0.95)
    return BatchSource(windows, WindowScaling.fit(windows))


def batch() -> Any:
    return source().batch(torch.arange(200))


def test_what_is_hidden_is_not_shown_and_what_is_shown_does_not_count() -> None:
    given = batch()
    shown, wanted, hidden = hide_past(given, 0.3)
    assert torch.equal(wanted, given.past)
    assert float(hidden.mean()) == pytest.approx(0.3, abs=0.05)
    assert torch.equal(shown, given.past * (1 - hidden))


def test_a_hidden_state_is_said_to_be_unknown() -> None:
    rows = rollouts(step=4)
    given = RolloutSource(rows, RolloutScaling.fit(rows)).batch(torch.arange(20))
    shown, wanted, hidden = hide_hours(given, 0.3)
    features, parts = given.inputs.shape[2], given.past.shape[2]
    state = slice(features, features + parts)
    assert torch.equal(wanted[..., :features], given.inputs)
    assert torch.equal(shown[..., -1], 1 - hidden[..., features])
    assert torch.equal(shown[..., state], wanted[..., state] * shown[..., -1:])
    assert not hidden[..., -1].any(), "the sign itself is not to be guessed"


def test_a_state_that_nobody_knows_is_not_to_be_filled_in() -> None:
    rows = rollouts(step=4).with_known(False)
    given = RolloutSource(rows, RolloutScaling.fit(rows)).batch(torch.arange(20))
    shown, _, hidden = hide_hours(given, 0.3)
    lookback, features = given.past.shape[1], given.inputs.shape[2]
    assert not hidden[:, :lookback, features:].any()
    assert not shown[:, :lookback, features:].any()
    assert hidden[:, lookback:, features:].any()


def missed(backbone: Any, training: TrainingConfig) -> float:
    """Error of the hidden values after a map alone was trained on the backbone's states."""
    torch.manual_seed(1)
    backbone.requires_grad_(False)
    batches = ShuffledBatches(source(), training.batch_size, 1)
    module = MaskedWindows(backbone, 1, hide_past, 0.3, Optimisation.of(training, len(batches)))
    optimizer = torch.optim.Adam(module.fill.parameters(), lr=0.02)
    for _ in range(8):
        for given in batches:
            optimizer.zero_grad()
            torch.autograd.backward(module.loss(given))
            optimizer.step()
    return module.mean_loss(batches)


@pytest.mark.parametrize("cell", ["gru", "bidirectional_gru"])
def test_a_backbone_learns_to_fill_in(cell: str) -> None:
    torch.manual_seed(0)
    untrained, trained = (make_backbone(cell, Shape(1, 8, steps=6)) for _ in range(2))
    pretrain(trained, ShuffledBatches(source(), 64, 0), 1, hide_past, BEFORE)
    assert missed(trained, BEFORE) < min(0.9 * missed(untrained, BEFORE), 0.6)


def test_windows_without_an_outcome_are_learnt_from_too() -> None:
    windows = ar_windows()
    train, valid = split(windows, 80)
    unlabelled = train.select(np.arange(0, len(train), 2))
    without = replace(unlabelled, target=np.full_like(unlabelled.target, np.nan))
    labelled = train.select(np.arange(1, len(train), 2))
    more = _joined(labelled, without)
    for epochs, same in ((0, True), (1, False)):
        model = NetworkForecaster(SMALL, replace(BEFORE, pretraining_epochs=epochs))
        means = [model.fit(rows, valid).predict(valid).mean for rows in (labelled, more)]
        assert np.array_equal(*means) is same


def _joined(one: Windows, other: Windows) -> Windows:
    parts = ("series", "origin", "known", "target")
    return replace(
        one, **{name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in parts}
    )


def test_an_input_that_is_not_finite_is_named_even_without_an_outcome() -> None:
    train, valid = split(ar_windows(), 80)
    channels = train.channels.copy()
    channels[0, 3] = np.nan
    target = np.where((train.series == 0)[:, None], np.nan, train.target)
    broken = replace(train, channels=channels, target=target)
    NetworkForecaster(SMALL, replace(BEFORE, pretraining_epochs=0)).fit(broken, valid)
    with pytest.raises(ModelError, match="got nan at series 0, time 3"):
        NetworkForecaster(SMALL, BEFORE).fit(broken, valid)


def test_the_same_seed_gives_the_same_bits_and_none_changes_nothing() -> None:
    train, valid = split(ar_windows(), 80)

    def mean(**changed: Any) -> Any:
        how = replace(BEFORE, **changed)
        return NetworkForecaster(SMALL, how).fit(train, valid).predict(valid).mean

    assert np.array_equal(mean(), mean())
    assert not np.array_equal(mean(), mean(pretraining_epochs=0))
    assert np.array_equal(mean(pretraining_epochs=0), mean(pretraining_epochs=0, masked_share=0.9))


def test_target_space_goes_on_from_a_pretrained_backbone() -> None:
    train, valid = split(ar_windows(), 80)
    network = replace(SMALL, cell="tanh")
    how = replace(BEFORE, parametrisation="target", epochs=1, learning_rate=1e-6)
    with_, without = (
        NetworkForecaster(network, replace(how, pretraining_epochs=e)).fit(train, valid).state()
        for e in (20, 0)
    )
    name = "weights.network.backbone.cells.0.recurrent.weight"
    assert not np.allclose(with_.arrays[name], without.arrays[name], atol=0.01)


def test_rollouts_are_pretrained_too() -> None:
    train, valid = split_rollouts(rollouts(step=4))
    means = []
    for epochs in (0, 2):
        training = replace(QUICK.training, epochs=2, pretraining_epochs=epochs)
        model = NetworkRollout(replace(QUICK, training=training)).fit(train, valid)
        means.append(model.predict(valid).mean)
    assert not np.array_equal(*means)
    assert np.isfinite(means[1]).all()


def test_shares_and_epochs_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"masked_share: expected between 0 and 1, got 1"):
        TrainingConfig(masked_share=1.0)
    with pytest.raises(ConfigError, match=r"pretraining_epochs: expected 0 or more, got -1"):
        TrainingConfig(pretraining_epochs=-1)
