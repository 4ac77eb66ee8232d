"""Frame labelling: is the majority of the bits around each step up or down?

The window reaches as far back as ahead. Who reads the past alone knows half of it and one bit
more; `past_scores` makes the best of that, and `past_accuracy` says how good it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray


@dataclass(frozen=True)
class Frames:
    """bits  row × time, -1 or 1;  labels  row × time, 1 for a majority of 1, NaN at the edges."""

    bits: FloatArray
    labels: FloatArray


def window_majority(rows: int, times: int, reach: int, seed: int) -> Frames:
    """Fair bits; the label of a step is the majority of the 2 · reach + 1 around it."""
    bits = np.random.default_rng(seed).choice([-1.0, 1.0], size=(rows, times))
    labels = np.full((rows, times), np.nan)
    around = np.lib.stride_tricks.sliding_window_view(bits, 2 * reach + 1, axis=1).sum(axis=-1)
    labels[:, reach : times - reach] = around > 0
    return Frames(bits, labels)


def past_scores(bits: FloatArray, reach: int) -> FloatArray:
    """The best guess from the past: the majority of the newest reach + 1 bits, row × time."""
    front = np.concatenate([np.zeros((len(bits), reach)), bits], axis=1)
    newest = np.lib.stride_tricks.sliding_window_view(front, reach + 1, axis=1)
    return np.asarray(newest.sum(axis=-1))


def past_accuracy(reach: int) -> float:
    """Share of labels that `past_scores` gets right, over all bits that can be."""
    return float(sum(_chance(reach + 1, ups) * _sure(reach, ups) for ups in range(reach + 2)))


def accuracy(scores: npt.NDArray[np.floating], labels: FloatArray) -> float:
    """Share of labels, where there are some, on whose side of zero the score lies."""
    known = np.isfinite(labels)
    return float(((scores > 0) == (labels > 0.5))[known].mean())


def _sure(reach: int, ups: int) -> float:
    """Chance of the likelier majority when `ups` of the first reach + 1 bits are up."""
    needed = reach + 1 - ups  # of the reach bits to come
    up = sum(_chance(reach, more) for more in range(max(needed, 0), reach + 1))
    return max(up, 1.0 - up)


def _chance(bits: int, ups: int) -> float:
    """Chance that so many of fair bits are up."""
    return comb(bits, ups) / float(2**bits)
