"""Going on to learn: one small step for every outcome that comes in.

The optimiser moves all weights at once, those of the backbone and of its readout, on the loss
that the fit minimised (Aydin and Kozat 2022, section on online learning). Choose it where the
dynamics drift and a new fit is too slow or too dear; the scaling of the inputs and the
distribution of a point head's errors stay as the fit left them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch

from models.cells.penalty import penalties
from models.contract import Batch
from models.errors import ConfigError, ModelError
from models.forecasters.direct_loss import direct_loss
from models.forecasters.direct_network import DirectNetwork
from models.heads import Head


@dataclass(frozen=True)
class OnlineConfig:
    """How a network learns after its fit.

    learning_rate  of every step; constant
    steps          on each new batch of outcomes
    optimiser      sgd, or adam, whose moments begin anew when a model is loaded
    gradient_clip  largest norm of a gradient; None for no limit
    """

    learning_rate: float = 1e-3
    steps: int = 1
    optimiser: Literal["sgd", "adam"] = "sgd"
    gradient_clip: float | None = 1.0

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise ConfigError(f"online.learning_rate: expected above 0, got {self.learning_rate}")
        if self.steps < 1:
            raise ConfigError(f"online.steps: expected 1 or more, got {self.steps}")
        if self.optimiser not in ("sgd", "adam"):
            raise ConfigError(f"online.optimiser: expected sgd or adam, got {self.optimiser!r}")
        if self.gradient_clip is not None and not self.gradient_clip > 0:
            raise ConfigError(
                f"online.gradient_clip: expected above 0 or null, got {self.gradient_clip}"
            )


class OnlineLearner:
    """Moves a fitted network in place.

    head, loss  what its outputs mean and what is minimised
    seed        of dropout, which is on as in the fit
    """

    def __init__(
        self, network: DirectNetwork, head: Head, loss: str, config: OnlineConfig, seed: int
    ) -> None:
        make = torch.optim.SGD if config.optimiser == "sgd" else torch.optim.Adam
        self._optimiser = make(network.parameters(), lr=config.learning_rate)
        self._network = network
        self._head = head
        self._loss = loss
        self._config = config
        self._seed = seed
        self._steps = 0

    def learn(self, batch: Batch) -> None:
        """Take the steps of one batch; raises ModelError when the loss is not finite."""
        with torch.random.fork_rng(), _training(self._network):
            for _ in range(self._config.steps):
                torch.manual_seed(self._seed + self._steps)
                self._steps += 1
                self._step(batch)

    def _step(self, batch: Batch) -> None:
        loss = direct_loss(self._network, self._head, self._loss, batch) + penalties(self._network)
        if not torch.isfinite(loss):
            raise ModelError(
                f"online step {self._steps}: the loss is {float(loss.detach())}; lower "
                f"online.learning_rate ({self._config.learning_rate:g})"
            )
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        if self._config.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._config.gradient_clip)
        self._optimiser.step()


@contextmanager
def _training(network: DirectNetwork) -> Iterator[None]:
    """In training mode inside, at rest after it whatever happens."""
    network.train()
    try:
        yield
    finally:
        network.eval()
