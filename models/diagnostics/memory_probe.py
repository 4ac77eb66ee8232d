"""How many steps back does a trained encoder still see? A linear probe on its states.

Independent random inputs are read, and the input of each step back is regressed on the last
state. The share that is explained, out of sample, is what a linear read-out can still tell
of that step; its sum over lags is Jaeger's memory capacity (2001), which for N linear units and
independent inputs is at most N. Illium et al. 2022 measure recurrent networks so.

It is a diagnostic, not a score: it depends on the size of the inputs, and a network that
forecasts well may have no use for more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from models.contract import FloatArray
from models.errors import ModelError

#: (row × step × channel) -> last states, row × unit.
Encode = Callable[[torch.Tensor], torch.Tensor]
#: Rows that are read together.
CHUNK = 1024


@dataclass(frozen=True)
class MemoryCurve:
    """Share of each input that the last state tells, lag × channel, from 0 to 1; lag 0 is the
    newest step."""

    explained: FloatArray

    @property
    def capacity(self) -> FloatArray:
        """Sum over lags, channel."""
        return np.asarray(self.explained.sum(axis=0))

    def reach(self, least: float = 0.1) -> int:
        """Steps back, the newest counted as one, of which some channel's share is at least so
        much; zero without any."""
        seen = np.flatnonzero((self.explained >= least).any(axis=1))
        return int(seen[-1]) + 1 if len(seen) else 0


@torch.inference_mode()
def memory_curve(
    encode: Encode,
    channels: int,
    lags: int,
    *,
    steps: int | None = None,
    rows: int = 4096,
    seed: int = 0,
) -> MemoryCurve:
    """Probe an encoder with independent standard normal inputs.

    lags    how far back is asked
    steps   of the sequences, by default twice the lags
    rows    sequences for the fit of the probe, and as many for its test

    Raises ModelError without a lag, when there are not more rows than four times the units, or a
    state is not finite.
    """
    if lags < 1:
        raise ModelError(f"memory probe: expected 1 lag or more, got {lags}")
    steps = max(steps or 2 * lags, lags)
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(2 * rows, steps, channels, generator=generator)
    states = np.concatenate([encode(part).double().numpy() for part in torch.split(inputs, CHUNK)])
    if not np.isfinite(states).all():
        raise ModelError("memory probe: the encoder gives states that are not finite")
    if rows < 4 * states.shape[1]:
        raise ModelError(
            f"memory probe: {rows} rows are too few for {states.shape[1]} units; expected at least "
            f"{4 * states.shape[1]}"
        )
    wanted = inputs.flip(1)[:, :lags].double().numpy().reshape(2 * rows, -1)
    with_bias = np.concatenate([states, np.ones((2 * rows, 1))], axis=1)
    weights, *_ = np.linalg.lstsq(with_bias[:rows], wanted[:rows], rcond=1e-10)
    found = _squared_correlation(with_bias[rows:] @ weights, wanted[rows:])
    return MemoryCurve(found.reshape(lags, channels))


def _squared_correlation(given: FloatArray, wanted: FloatArray) -> FloatArray:
    """Of each column, less what chance would give; zero where the probe says the same always."""
    left, right = given - given.mean(axis=0), wanted - wanted.mean(axis=0)
    both = (left * right).sum(axis=0)
    size = (left**2).sum(axis=0) * (right**2).sum(axis=0)
    share = np.where(size > 0, np.maximum(both, 0.0) ** 2 / np.maximum(size, 1e-300), 0.0)
    return np.asarray(np.maximum(share - 1.0 / len(given), 0.0))
