"""Noise on the weights while training: there for the gradient, gone before the update."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from models.errors import ConfigError
from models.forecasters.network import NetworkForecaster
from models.forecasters.optimisation import Optimisation
from models.forecasters.rollout import NetworkRollout
from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.forecasters.trained_module import TrainedModule
from models.forecasters.training import run_training
from models.forecasters.weight_noise import WeightNoise, with_weight_noise
from tests.models.emulators.worlds import QUICK, rollouts
from tests.models.emulators.worlds import split as split_rollouts
from tests.models.forecasters.signals import ar_windows, split

STD = 0.5


class Watched(TrainedModule[Any]):
    """A linear map that notes its weight and bias whenever its loss is asked for."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__(Optimisation(0.1, 0.0, None))
        self.map = torch.nn.Linear(50, 40)
        self.seen: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.before = self.weight()
        self._fails = fails

    def weight(self) -> torch.Tensor:
        return self.map.weight.detach().clone()

    def loss(self, batch: torch.Tensor) -> torch.Tensor:
        self.seen.append((self.weight(), self.map.bias.detach().clone()))
        if self._fails:
            raise KeyboardInterrupt
        return (self.map(batch) ** 2).mean()

    def share(self, batch: torch.Tensor) -> float:
        return float(len(batch))

    def transfer_batch_to_device(self, batch: Any, device: torch.device, _index: int) -> Any:
        return batch.to(device)


class Ones:
    """So many batches of ones; a list would be taken for several loaders."""

    def __init__(self, batches: int) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[torch.Tensor]:
        return iter([torch.ones(4, 50)] * self._batches)


class BeforeUpdate(pl.Callback):
    """Notes the weight as the optimiser finds it."""

    def __init__(self) -> None:
        self.found: list[torch.Tensor] = []

    def on_before_optimizer_step(self, _trainer: Any, module: Any, _optimizer: Any) -> None:
        self.found.append(module.weight())


def trained(module: Watched, callbacks: list[pl.Callback], batches: int = 1) -> Watched:
    torch.manual_seed(0)
    run_training(
        module,
        Ones(batches),
        epochs=1,
        gradient_clip=None,
        accelerator="cpu",
        callbacks=callbacks,
    )
    return module


def test_a_step_sees_noise_of_the_deviation_and_the_update_the_weights_without() -> None:
    watch = BeforeUpdate()
    module = trained(Watched(), with_weight_noise([watch], STD))
    noise = module.seen[0][0] - module.before
    assert float(noise.std()) == pytest.approx(STD, rel=0.05)
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.05)
    assert torch.equal(watch.found[0], module.before)
    # One step of AdamW moves a weight by its learning rate at most.
    assert float((module.weight() - module.before).abs().max()) <= 0.1 + 1e-6


def test_every_batch_has_noise_of_its_own_and_biases_none() -> None:
    module = Watched()
    bias = module.map.bias.detach().clone()
    trained(module, with_weight_noise([], STD), batches=2)
    first, second = (weight for weight, _ in module.seen)
    assert float((second - first).std()) == pytest.approx(STD * 2**0.5, rel=0.1)
    assert torch.equal(module.seen[0][1], bias)


def test_the_gradient_is_that_at_the_noisy_weights() -> None:
    class Gradient(pl.Callback):
        def on_before_optimizer_step(self, _trainer: Any, module: Any, _optimizer: Any) -> None:
            self.found = module.map.weight.grad.clone()

    watch = Gradient()
    module = trained(Watched(), with_weight_noise([watch], STD))
    weight, bias = module.seen[0]
    out = torch.ones(4, 50) @ weight.T + bias
    expected = (2 / out.numel()) * out.T @ torch.ones(4, 50)
    torch.testing.assert_close(watch.found, expected)


def test_a_training_that_is_interrupted_leaves_the_weights_without_noise() -> None:
    module = Watched(fails=True)
    with pytest.raises(KeyboardInterrupt):
        trained(module, with_weight_noise([], STD))
    assert not torch.equal(module.seen[0][0], module.before)
    assert torch.equal(module.weight(), module.before)


def test_without_a_deviation_nothing_is_added_and_nothing_changes() -> None:
    assert with_weight_noise([], 0.0) == []
    assert isinstance(with_weight_noise([], STD)[0], WeightNoise)
    train, valid = split(ar_windows(), 80)

    def mean(**settings: Any) -> Any:
        model = NetworkForecaster(NetworkConfig(hidden_size=4), TrainingConfig(**settings))
        return model.fit(train, valid).predict(valid).mean

    assert np.array_equal(mean(), mean(weight_noise=0.0))
    assert not np.array_equal(mean(), mean(weight_noise=0.075))
    assert np.array_equal(mean(weight_noise=0.075), mean(weight_noise=0.075))


def test_rollouts_are_trained_with_noise_too() -> None:
    train, valid = split_rollouts(rollouts(step=4))
    means = []
    for std in (0.0, 0.05):
        training = replace(QUICK.training, epochs=2, weight_noise=std)
        model = NetworkRollout(replace(QUICK, training=training)).fit(train, valid)
        means.append(model.predict(valid).mean)
    assert not np.array_equal(*means)
    assert np.isfinite(means[1]).all()


def test_a_negative_deviation_is_refused_and_old_settings_have_none() -> None:
    with pytest.raises(ConfigError, match=r"training\.weight_noise: expected 0 or more, got -1"):
        TrainingConfig(weight_noise=-1.0)
    stored = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-3}
    assert TrainingConfig(**stored).weight_noise == 0.0  # type: ignore[arg-type]
