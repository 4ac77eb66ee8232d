"""One set of windows for many networks: gathered and checked once, standardised by each.

An ensemble's members differ in their weights and scaling alone; what they read is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch

from models.contract import Batch, FloatArray, Windows
from models.transforms.scaling import LIMIT, WindowScaling, check_inputs


@dataclass(frozen=True)
class SharedInputs:
    """Windows, and what all networks read of them, before it is standardised.

    past   row × (time · channel)
    """

    windows: Windows
    past: torch.Tensor

    @classmethod
    def of(cls, windows: Windows) -> Self:
        """Gather the windows; where each series is asked for once, in order, nothing is copied."""
        channels = np.asarray(windows.channels, dtype=np.float32)
        whole = channels.shape[1] == windows.lookback
        if not (whole and np.array_equal(windows.series, np.arange(len(channels)))):
            channels = windows.past().astype(np.float32, copy=False)
        plain = np.ascontiguousarray(channels).reshape(len(windows), -1)
        return cls(windows, torch.from_numpy(plain))

    def batches(self, scaling: WindowScaling, size: int) -> Iterator[Batch]:
        """All rows in order, standardised; outcomes and references are left out (NaN)."""
        windows = self.windows
        shape = (windows.lookback, windows.channels.shape[2])
        mean, factor = (
            torch.from_numpy(np.tile(part, windows.lookback))
            for part in (scaling.channels.mean, scaling.channels.factor)
        )
        known = torch.from_numpy(scaling.known.transform(windows.known))
        series = torch.from_numpy(windows.series.astype(np.int64))
        for start in range(0, len(windows), size):
            rows = slice(start, start + size)
            past = (self.past[rows] - mean).mul_(factor).clamp_(-LIMIT, LIMIT)
            nothing = torch.full((1, 1), np.nan).expand(len(past), windows.target.shape[1])
            yield Batch(
                past=past.view(-1, *shape),
                known=known[rows],
                reference=nothing,
                scale=nothing,
                target=nothing,
                series=series[rows],
                weight=nothing[:, 0],
            )


class Corrects(Protocol):
    """A network that can share its inputs."""

    def standardised_mean(self, inputs: SharedInputs) -> FloatArray:
        """(Mean forecast - reference) / scale, row × lead."""
        ...


def average_correction(networks: Sequence[Corrects], windows: Windows) -> FloatArray:
    """Mean over the networks of their forecast less the reference, row × lead, target units.

    Raises ModelError for inputs that are not finite.
    """
    if not len(windows):
        return np.zeros(windows.target.shape)
    check_inputs(windows)
    inputs = SharedInputs.of(windows)
    total = np.zeros(windows.target.shape)
    for network in networks:
        total += network.standardised_mean(inputs)
    scale = 1.0 if windows.scale is None else windows.scale
    return np.asarray(total / len(networks) * scale)
