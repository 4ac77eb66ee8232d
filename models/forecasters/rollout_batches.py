"""Batches of rollouts, gathered from the shared arrays when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from models.contract import FloatArray
from models.errors import ModelError
from models.forecasters.rollout_network import RolloutBatch
from models.rollouts import Rollouts, hours_read
from models.transforms.scaling import Standardiser


@dataclass(frozen=True)
class RolloutScaling:
    """The standardisers of what drives the state and of the state itself."""

    inputs: Standardiser
    state: Standardiser

    @classmethod
    def fit(cls, rollouts: Rollouts) -> RolloutScaling:
        """Fit on the hours that the rows read or forecast, and of these on known states.

        Raises ModelError when there is none.
        """
        hours = hours_read(rollouts)
        known = hours & np.isfinite(rollouts.state).all(axis=1)
        if not known.any():
            raise ModelError("no hour of the training rollouts has a known state to learn from")
        return cls(
            Standardiser.fit(rollouts.inputs[hours]), Standardiser.fit(rollouts.state[known])
        )

    @property
    def state_scale(self) -> FloatArray:
        """Units of each component of the state per standardised unit."""
        factor = self.state.factor.astype(np.float64)
        return np.asarray(np.divide(1.0, factor, out=np.zeros_like(factor), where=factor > 0))


class RolloutSource:
    """Standardised arrays, from which any rows are gathered as a `RolloutBatch`."""

    def __init__(self, rollouts: Rollouts, scaling: RolloutScaling) -> None:
        self._inputs = torch.from_numpy(scaling.inputs.transform(rollouts.inputs))
        self._state = torch.from_numpy(scaling.state.transform(rollouts.state))
        self._first = torch.from_numpy(rollouts.origin - rollouts.lookback + 1)
        self._known = torch.from_numpy(rollouts.known.astype(np.float32))
        self._weight = torch.from_numpy(rollouts.weight.astype(np.float32))
        self._lookback = rollouts.lookback
        self._hours = torch.arange(rollouts.lookback + rollouts.horizon)

    def __len__(self) -> int:
        return len(self._first)

    def known(self, rows: torch.Tensor) -> torch.Tensor:
        """Whether the state before the origin is known, row: one or zero."""
        return self._known.index_select(0, rows)

    def batch(self, rows: torch.Tensor, known: torch.Tensor | None = None) -> RolloutBatch:
        """Gather the rows at these indices; `known` stands in for theirs."""
        hours = self._first.index_select(0, rows)[:, None] + self._hours
        state = self._state[hours]
        known = self._known.index_select(0, rows) if known is None else known
        past = state[:, : self._lookback]
        # A state that is not known must not reach the network as NaN: 0 × NaN is NaN.
        past = torch.where(known[:, None, None] > 0, past, torch.zeros(()))
        weight = self._weight.index_select(0, rows)
        target = state[:, self._lookback :]
        return RolloutBatch(self._inputs[hours], past, known, target, weight)

    def in_order(self, size: int) -> Iterator[RolloutBatch]:
        """All rows, in order."""
        for start in range(0, len(self), size):
            yield self.batch(torch.arange(start, min(start + size, len(self))))


class SampledRollouts:
    """Rollouts drawn by their weights; a pass holds as many hours as the rows cover.

    The rows overlap in time, so that drawing them all would show every hour `horizon`
    times. A share of the rows is shown without its start.
    """

    def __init__(
        self, source: RolloutSource, rollouts: Rollouts, size: int, unknown: float, seed: int
    ) -> None:
        self._source = source
        self._size = size
        self._unknown = unknown
        self._chance = rollouts.weight / rollouts.weight.sum()
        covered = int(hours_read(rollouts).sum())
        self._batches = max(1, covered // (rollouts.horizon * size))
        self._known = rollouts.known
        self._generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        """Batches in one pass."""
        return self._batches

    def __iter__(self) -> Iterator[RolloutBatch]:
        return (batch for _, batch in self.with_rows())

    def with_rows(self) -> Iterator[tuple[torch.Tensor, RolloutBatch]]:
        """One pass, with the indices of the rows of each batch."""
        for _ in range(self._batches):
            rows = self._generator.choice(len(self._chance), self._size, p=self._chance)
            shown = self._generator.random(self._size) >= self._unknown
            known = torch.from_numpy((shown & self._known[rows]).astype(np.float32))
            # Drawn by weight already: each counts the same in the loss.
            drawn = torch.from_numpy(rows)
            batch = self._source.batch(drawn, known)
            yield drawn, replace(batch, weight=torch.ones_like(known))


@dataclass(frozen=True)
class HourBatch:
    """Single hours: inputs hour × feature, target hour × component, weight hour."""

    inputs: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor


class ShuffledHours:
    """All hours with a known state, in a new random order at every pass."""

    def __init__(self, rollouts: Rollouts, scaling: RolloutScaling, size: int, seed: int) -> None:
        hours = hours_read(rollouts) & np.isfinite(rollouts.state).all(axis=1)
        self._inputs = torch.from_numpy(scaling.inputs.transform(rollouts.inputs[hours]))
        self._target = torch.from_numpy(scaling.state.transform(rollouts.state[hours]))
        self._weight = torch.from_numpy(_hour_weights(rollouts)[hours].astype(np.float32))
        self._size = size
        self._generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        """Batches in one pass."""
        return -(-len(self._inputs) // self._size)

    @property
    def inputs(self) -> torch.Tensor:
        """Standardised drivers of all hours, in order of time, hour × feature."""
        return self._inputs

    def __iter__(self) -> Iterator[HourBatch]:
        order = torch.from_numpy(self._generator.permutation(len(self._inputs)))
        for start in range(0, len(order), self._size):
            rows = order[start : start + self._size]
            inputs = self._inputs.index_select(0, rows)
            target = self._target.index_select(0, rows)
            yield HourBatch(inputs, target, self._weight.index_select(0, rows))


def _hour_weights(rollouts: Rollouts) -> FloatArray:
    """Mean weight of the rows that read or forecast each hour, zero for other hours."""
    edges = np.zeros((len(rollouts.inputs) + 1, 2))
    first = rollouts.origin - rollouts.lookback + 1
    end = rollouts.origin + rollouts.horizon + 1
    both = np.stack([rollouts.weight, np.ones(len(rollouts))], axis=1)
    np.add.at(edges, first, both)
    np.add.at(edges, end, -both)
    total, rows = edges.cumsum(axis=0)[:-1].T
    return np.asarray(np.where(rows > 0.5, total / np.maximum(rows, 1.0), 0.0))
