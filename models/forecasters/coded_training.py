"""Forecaster and decoder trained together, by Lightning, on the error of the decoded state.

A decoder that was trained alone puts all codes back equally well; after this one errs least where
the forecaster's codes really fall. The mean is moved by the error of the decoded state, summed
over its components; the spread of the codes keeps up by their likelihood around that mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from models.contract import FloatArray
from models.forecasters.coding_settings import JointConfig
from models.forecasters.optimisation import Optimisation
from models.forecasters.rollout import NetworkRollout
from models.forecasters.rollout_batches import RolloutScaling, RolloutSource, SampledRollouts
from models.forecasters.rollout_modules import nll_of_rows
from models.forecasters.rollout_network import RolloutBatch
from models.forecasters.trained_module import TrainedModule
from models.forecasters.training import run_training
from models.rollouts import Rollouts
from models.transforms.denoising_autoencoder import DenoisingAutoencoder


@dataclass(frozen=True)
class JointBatch(RolloutBatch):
    """With the standardised state of the hours ahead, row × hour × component; NaN where missing."""

    whole: torch.Tensor


class JointModule(TrainedModule[JointBatch]):
    """Trains a rollout network and the decoder of its codes.

    counts  what the squared error of each standardised component counts for
    """

    counts: torch.Tensor
    unit: torch.Tensor
    centre: torch.Tensor

    def __init__(
        self,
        forecaster: NetworkRollout,
        coder: DenoisingAutoencoder,
        scaling: RolloutScaling,
        optimisation: Optimisation,
    ) -> None:
        super().__init__(optimisation)
        self.network = forecaster.network
        self.coder = coder.network
        counts = coder.scale.astype(np.float64) ** 2
        self.register_buffer("counts", torch.from_numpy(counts / counts.sum()).float())
        self.register_buffer("unit", torch.from_numpy(scaling.state_scale).float())
        self.register_buffer("centre", torch.from_numpy(scaling.state.mean).float())
        self._first: float | None = None

    def loss(self, batch: JointBatch) -> torch.Tensor:
        mean, factor = self.network(batch)
        decoded = self.coder.decode(mean * self.unit + self.centre)
        apart = torch.where(torch.isfinite(batch.whole), decoded - batch.whole, 0.0)
        error = (apart.square() * self.counts).sum(dim=-1)
        missed = (error.mean(dim=1) * batch.weight).sum() / batch.weight.sum()
        if self._first is None:
            self._first = max(float(missed.detach()), 1e-12)
        around = nll_of_rows(self.network.head, mean.detach(), factor, batch.target)
        spread = (around * batch.weight).sum() / batch.weight.sum()
        return missed / self._first + spread

    def share(self, batch: JointBatch) -> float:
        return float(batch.weight.sum())


class JointBatches:
    """Sampled rollouts over codes, with the whole state beside them."""

    def __init__(
        self, coded: SampledRollouts, whole: torch.Tensor, first: torch.Tensor, hours: int
    ) -> None:
        self._coded, self._whole = coded, whole
        self._first, self._hours = first, torch.arange(hours)

    def __len__(self) -> int:
        return len(self._coded)

    def __iter__(self) -> Iterator[JointBatch]:
        for rows, batch in self._coded.with_rows():
            ahead = self._first.index_select(0, rows)[:, None] + self._hours
            yield JointBatch(
                batch.inputs,
                batch.past,
                batch.known,
                batch.target,
                batch.weight,
                self._whole[ahead],
            )


def train_jointly(
    forecaster: NetworkRollout,
    coder: DenoisingAutoencoder,
    coded: Rollouts,
    state: FloatArray,
    how: JointConfig,
) -> None:
    """Train both in place; the encoder stays as it is, so that codes keep their meaning.

    coded  rollouts over codes, those that the forecaster was fitted on
    state  hour × component, of the same hours
    """
    training = forecaster.config.training
    scaling = forecaster.scaling
    source = RolloutSource(coded, scaling)
    sampled = SampledRollouts(
        source, coded, training.batch_size, forecaster.config.unknown_start, training.seed
    )
    whole = torch.from_numpy(coder.scaling.transform(state))
    batches = JointBatches(sampled, whole, torch.from_numpy(coded.origin + 1), coded.horizon)
    steps = how.epochs * len(batches)
    with torch.random.fork_rng():
        torch.manual_seed(training.seed)
        module = JointModule(
            forecaster, coder, scaling, Optimisation(how.learning_rate, 0.0, steps)
        )
        coder.network.encoders.requires_grad_(False)
        if coder.network.down is not None:
            coder.network.down.requires_grad_(False)
        run_training(
            module,
            batches,
            epochs=how.epochs,
            gradient_clip=training.gradient_clip,
            accelerator=training.accelerator,
        )
        coder.network.requires_grad_(True)
