"""The odyssey's search space and its training, once for each trial.

Blocks per hidden layer log-uniform on [20, 200], learning rate log-uniform on [1e-6, 1e-2],
momentum 1 - log-uniform [0.01, 1], deviation of Gaussian noise on the inputs uniform on [0, 1]
(section 4 C). Stochastic gradient descent with Nesterov momentum, the learning rate multiplied by
(1 - momentum), no clipping, until 15 epochs passed without a better validation loss.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from models.contract import FloatArray

#: Name -> bounds of what is drawn, uniform; log10 of the first three.
BOUNDS: dict[str, tuple[float, float]] = {
    "log10_blocks": (math.log10(20), math.log10(200)),
    "log10_learning_rate": (-6.0, -2.0),
    "log10_one_minus_momentum": (-2.0, 0.0),
    "input_noise": (0.0, 1.0),
}
#: How they are called in reports.
LABELS = {
    "log10_blocks": "hidden size",
    "log10_learning_rate": "learning rate",
    "log10_one_minus_momentum": "momentum",
    "input_noise": "input noise",
}
PATIENCE = 15


def plotted(label: str, values: FloatArray) -> tuple[FloatArray, bool]:
    """Values of a parameter in its own units, and whether they lie on a logarithmic scale."""
    name = {shown: name for name, shown in LABELS.items()}[label]
    if name.startswith("log10_"):
        return np.power(10.0, values), True
    return values, False


@dataclass(frozen=True)
class Drawn:
    """One point of the search space.

    rescaled   the learning rate is multiplied by (1 - momentum)
    """

    params: Mapping[str, float]
    rescaled: bool = True

    @property
    def blocks(self) -> int:
        return round(10 ** self.params["log10_blocks"])

    @property
    def momentum(self) -> float:
        return float(1.0 - 10 ** self.params["log10_one_minus_momentum"])

    @property
    def learning_rate(self) -> float:
        rate = float(10 ** self.params["log10_learning_rate"])
        return rate * (1.0 - self.momentum) if self.rescaled else rate

    @property
    def input_noise(self) -> float:
        return float(self.params["input_noise"])


def drawn(task: str, trial: int, seed: int = 0, *, rescaled: bool = True) -> Drawn:
    """The trial's point: the same for every variant, so that they differ in nothing else."""
    key = zlib.crc32(f"{task} {seed} {trial}".encode())
    draw = np.random.default_rng(key)
    return Drawn({name: float(draw.uniform(*bounds)) for name, bounds in BOUNDS.items()}, rescaled)


class Task(Protocol):
    """A task of the study. Losses are the smaller the better.

    worst   loss of a network that knows nothing: what a trial counts that came to no number
    unit    of its losses
    """

    name: str
    worst: float
    unit: str

    @property
    def epochs(self) -> int: ...

    def prepare(self) -> None:
        """Read or make the data; doing it again costs nothing."""
        ...

    def network(self, variant: str, blocks: int) -> nn.Module: ...

    def batches(self, draw: np.random.Generator) -> list[Any]:
        """Training batches of one epoch, in a random order."""
        ...

    def loss(self, network: nn.Module, batch: Any, noise: float) -> torch.Tensor:
        """Of one batch, with noise of this deviation on its inputs."""
        ...

    def errors(self, network: nn.Module) -> tuple[float, float]:
        """Validation and test loss."""
        ...


def run_trial(
    task: Task, variant: str, point: Drawn, seed: int = 0, *, epochs: int | None = None
) -> dict[str, Any]:
    """Train one network; validation and test loss at the best epoch, and how many there were.

    epochs   passes over the training at most, instead of the task's own
    """
    most = epochs or task.epochs
    torch.manual_seed(seed)
    draw, network = np.random.default_rng(seed), task.network(variant, point.blocks)
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=point.learning_rate,
        momentum=point.momentum,
        nesterov=point.momentum > 0,
    )
    best, tested, stale, passed = math.inf, math.inf, 0, 0
    while passed < most and stale < PATIENCE:
        passed, stale = passed + 1, stale + 1
        network.train()
        for batch in task.batches(draw):
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(task.loss(network, batch, point.input_noise))
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            valid, test = task.errors(network)
        if not math.isfinite(valid):
            break
        if valid < best:
            best, tested, stale = valid, test, 0
    return {
        "params": dict(point.params),
        "valid": _held(best, task.worst),
        "test": _held(tested, task.worst),
        "epochs": passed,
    }


def _held(loss: float, worst: float) -> float:
    """A network that ran away counts as one that knows nothing."""
    return round(min(loss, worst), 7) if math.isfinite(loss) else worst
