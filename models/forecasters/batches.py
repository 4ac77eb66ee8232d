"""Batches of windows, gathered from the shared arrays when they are needed.

A data loader that collates single items spends more time on Python than a small
network on its step; here one gather per batch does it, and no window is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import torch
from torch.nn.functional import embedding

from models.contract import Batch, FloatArray, Windows
from models.transforms.scaling import WindowScaling


class BatchSource:
    """Standardised windows, from which any rows are gathered as a `Batch`."""

    def __init__(self, windows: Windows, scaling: WindowScaling) -> None:
        channels = torch.from_numpy(scaling.channels.transform(windows.channels))
        self._steps = channels.flatten(0, 1)
        starts = windows.series * channels.shape[1] + windows.origin - windows.lookback + 1
        self._starts = torch.from_numpy(starts.astype(np.int64))
        self._offsets = torch.arange(windows.lookback)
        self._known = torch.from_numpy(scaling.known.transform(windows.known))
        shape = windows.target.shape
        self._reference = _column(windows.reference, 0.0, shape)
        self._scale = _column(windows.scale, 1.0, shape)
        self._weight = _column(windows.weight, 1.0, shape[:1])
        self._target = _column(windows.target, np.nan, shape)
        self._series = torch.from_numpy(windows.series.astype(np.int64))

    def __len__(self) -> int:
        return len(self._starts)

    def batch(self, rows: torch.Tensor) -> Batch:
        """Gather the rows at these indices."""
        steps = self._starts[rows, None] + self._offsets
        return Batch(
            past=embedding(steps, self._steps),
            known=self._known[rows],
            reference=self._reference[rows],
            scale=self._scale[rows],
            target=self._target[rows],
            series=self._series[rows],
            weight=self._weight[rows],
        )

    def in_order(self, size: int) -> Iterator[Batch]:
        """All rows, in order."""
        for start in range(0, len(self), size):
            yield self.batch(torch.arange(start, min(start + size, len(self))))


class ShuffledBatches:
    """All rows in a new random order at every pass, from a generator of its own."""

    def __init__(self, source: BatchSource, size: int, seed: int) -> None:
        self._source = source
        self._size = size
        self._generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        """Batches in one pass."""
        return -(-len(self._source) // self._size)

    def __iter__(self) -> Iterator[Batch]:
        order = torch.from_numpy(self._generator.permutation(len(self._source)))
        starts = range(0, len(order), self._size)
        return (self._source.batch(order[start : start + self._size]) for start in starts)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Move a batch; on the same device nothing is copied."""
    return Batch(**{f.name: getattr(batch, f.name).to(device) for f in fields(batch)})


def _column(values: FloatArray | None, fill: float, shape: tuple[int, ...]) -> torch.Tensor:
    if values is None:
        return torch.full(shape, fill)
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32).copy())
