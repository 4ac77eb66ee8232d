"""Dropout on few labelled digits, the mixture of thinned networks, and what it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from models.contract import Windows
from models.forecasters.mc_dropout import thinned_passes
from models.forecasters.network import NetworkForecaster
from models.forecasters.settings import NetworkConfig, TrainingConfig
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told, within
from pipelines.studies.tasks.uneven_noise import (
    inside_and_outside,
    next_value_windows,
    uneven_series,
)

LABELLED, TEST, DROPOUT = 200, 1000, 0.5
#: All images make one batch. Fewer epochs are no short form: dropout takes longer, and looks bad
#: before its end.
PASSES, RATE, EPOCHS = 50, 1e-3, 400
#: What is reported of the digits beside the checks.
TOLD = {
    "plain": "error without dropout, %",
    "whole": "error with dropout and weight scaling, %",
    "one pass": "error of one thinned network, %",
    "mixed": "error of the mean of all passes, %",
    "whole loss": "log loss with weight scaling",
    "mixed loss": "log loss of the mean of all passes",
}
#: Windows of the series that are trained on stay within so many deviations.
WITHIN = 1.5


@dataclass(frozen=True)
class Digits:
    """Images as rows of 64 numbers from zero to one, and which digit each is."""

    train: torch.Tensor
    train_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor


def digits(seed: int) -> Digits:
    """A draw of labelled and test images from those of scikit-learn."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    seen, new = order[:LABELLED], order[LABELLED : LABELLED + TEST]
    scaled = torch.from_numpy((images / 16.0).astype(np.float32))
    known = torch.from_numpy(labels.astype(np.int64))
    return Digits(scaled[seen], known[seen], scaled[new], known[new])


def run(effort: Effort) -> Iterator[Check]:
    """Errors in per cent of the test images; the loss is the negative log likelihood."""
    yield from _on_digits(effort)
    yield from _on_series(effort)


def _on_digits(effort: Effort) -> Iterator[Check]:
    seeds, width = (2, 256) if effort.short else (10, 512)
    found: list[Mapping[str, float]] = []
    for seed in range(seeds):
        found.append(_scores(digits(seed), width, seed))
        effort.say(f"seed {seed}: " + ", ".join(f"{k} {v:.3f}" for k, v in found[-1].items()))
    mean = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    gain, gap, single = (-0.3, 0.8, 0.5) if effort.short else (0.3, 0.3, 1.0)
    yield at_least("points of error less with dropout", mean["plain"] - mean["whole"], gain)
    far = mean["mixed"] - mean["whole"]
    yield within(f"error of {PASSES} passes less weight scaling, points", far, -gap, gap)
    yield at_most(
        "log loss of the passes less weight scaling", mean["mixed loss"] - mean["whole loss"], 0.0
    )
    yield at_least(
        "points of error more with one pass than with weight scaling",
        mean["one pass"] - mean["whole"],
        single,
    )
    for name, words in TOLD.items():
        yield told(words, mean[name], f"mean of {seeds} seeds")


def _scores(data: Digits, width: int, seed: int) -> dict[str, float]:
    plain, thinned = (_trained(data, share, width, seed) for share in (0.0, DROPOUT))
    with torch.inference_mode():
        passes = list(thinned_passes(thinned, lambda net: _chances(net, data), PASSES, seed))
        alone, whole = _chances(plain, data), _chances(thinned, data)
    mixed = torch.stack(passes).mean(dim=0)
    return {
        "plain": _error(alone, data),
        "whole": _error(whole, data),
        "one pass": float(np.mean([_error(one, data) for one in passes])),
        "mixed": _error(mixed, data),
        "whole loss": _log_loss(whole, data),
        "mixed loss": _log_loss(mixed, data),
    }


def _trained(data: Digits, share: float, width: int, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for below in (64, width):
        layers += [nn.Linear(below, width), nn.ReLU(), nn.Dropout(share)]
    network = nn.Sequential(*layers, nn.Linear(width, 10))
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        loss = nn.functional.cross_entropy(network(data.train), data.train_labels)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return network.eval()


def _chances(network: nn.Module, data: Digits) -> torch.Tensor:
    chances: torch.Tensor = network(data.test).softmax(dim=1)
    return chances


def _error(chances: torch.Tensor, data: Digits) -> float:
    return 100.0 * float((chances.argmax(dim=1) != data.test_labels).float().mean())


def _log_loss(chances: torch.Tensor, data: Digits) -> float:
    right = chances.gather(1, data.test_labels[:, None]).clamp_min(1e-12)
    return -float(right.log().mean())


def _on_series(effort: Effort) -> Iterator[Check]:
    """Is the interval wider where the series was never seen? The forecaster of the product."""
    seeds = (0,) if effort.short else (0, 1, 2)
    widths = []
    for seed in seeds:
        widths.append(_widths(seed, epochs=6 if effort.short else 20))
        effort.say(f"series, seed {seed}: {widths[-1]}")
    ratio = min(found["mixed"] for found in widths)
    limit = 1.3 if effort.short else 1.5
    yield at_least("90 % interval, outside the training range over inside", ratio, limit)
    gain = float(np.mean([found["cover mixed"] - found["cover whole"] for found in widths]))
    yield at_least("share outside that it covers, more than without passes", gain, 0.1)
    whole = float(np.mean([found["whole"] for found in widths]))
    yield told("the same without passes", whole, "a point forecast's interval is one everywhere")


def _widths(seed: int, epochs: int) -> dict[str, float]:
    """Widths of intervals outside over those inside, and how many outcomes outside they hold."""
    values = uneven_series(40, 200, seed=2 * seed)
    limit = WITHIN * float(values.std())
    train, _ = inside_and_outside(next_value_windows(values, 8), limit)
    new = next_value_windows(uneven_series(40, 200, seed=2 * seed + 1), 8)
    inside, outside = inside_and_outside(new, limit)
    config = NetworkConfig(hidden_size=16, dropout=0.3, mc_passes=PASSES)
    training = TrainingConfig(epochs=epochs, learning_rate=1e-2, batch_size=128, seed=seed)
    mixed = NetworkForecaster(config, training).fit(train, train)
    found: dict[str, float] = {}
    for name, model in (("mixed", mixed), ("whole", _without_passes(mixed, train))):
        found[name] = _width(model, outside) / _width(model, inside)
        found[f"cover {name}"] = _covered(model, outside)
    return found


def _without_passes(model: NetworkForecaster, train: Windows) -> NetworkForecaster:
    """The same settings and seed, so the same weights, forecast with weight scaling."""
    plain: dict[str, Any] = {"mc_passes": 0}
    return NetworkForecaster(replace(model.network, **plain), model.training).fit(train, train)


def _width(model: NetworkForecaster, windows: Windows) -> float:
    low, high = model.predict(windows).interval(0.9)
    return float((high - low).mean())


def _covered(model: NetworkForecaster, windows: Windows) -> float:
    low, high = model.predict(windows).interval(0.9)
    return float(((windows.target >= low) & (windows.target <= high)).mean())


PROOF = Proof(
    name="dropout",
    paper="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014",
    claim=(
        "Dropout lowers the error of a large network on few examples; weight scaling is as good as "
        "the mean of fifty thinned networks, whose mixture knows better how sure it is, and is "
        "less sure away from what was seen (Gal and Ghahramani 2016)"
    ),
    run=run,
    left_out=(
        "the error rates on MNIST, TIMIT, CIFAR-10 and SVHN: nothing is downloaded here.",
        "max-norm with a high learning rate: at this size it needs longer training than it saves.",
    ),
)
