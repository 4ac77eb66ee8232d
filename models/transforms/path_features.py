"""Windows as paths, and their signatures as features: what the signature alone forgets is put back.

Time as a channel tells how fast a path runs, a base point where it begins, the lead-lag path
how rough it is: its second level holds the sum of squared steps (Morrill et al. 2020, "A
generalised signature method for multivariate time series feature extraction").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from models.contract import FloatArray
from models.errors import ConfigError, ModelError
from models.transforms.signatures import (
    log_signature,
    lyndon_words,
    signature,
    signature_width,
    words,
)

#: Widest row of features; the width grows as a power of the channels.
MOST_FEATURES = 20_000
#: Numbers that are worked on at once.
_AT_ONCE = 2_000_000
#: Name of the channel that the clock adds.
CLOCK = "time"


@dataclass(frozen=True)
class PathKind:
    """How windows become paths, and paths features.

    depth       levels of the signature
    clock       add time as a channel
    base_point  begin at zero, so that where a window begins is not forgotten
    lead_lag    each channel twice, the second one step behind
    log         the log-signature: fewer terms that tell the same
    dyadic      1 for the whole window; 2 adds its halves, 3 its quarters, and so on
    """

    depth: int = 3
    clock: bool = True
    base_point: bool = True
    lead_lag: bool = False
    log: bool = False
    dyadic: int = 1

    def __post_init__(self) -> None:
        for name in ("depth", "dyadic"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected 1 or more, got {getattr(self, name)}")

    def channels(self, values: int) -> int:
        """Channels of the path of so many channels of values."""
        return int(self.clock) + values * (2 if self.lead_lag else 1)

    def width(self, values: int) -> int:
        """Features of a window of so many channels. ConfigError when they are too many."""
        channels, pieces = self.channels(values), int(2**self.dyadic) - 1
        most = pieces * signature_width(channels, self.depth)
        if most > MOST_FEATURES:
            raise ConfigError(
                f"signatures of {values} channels to depth {self.depth}: {most} terms, expected at "
                f"most {MOST_FEATURES}; take fewer channels or less depth"
            )
        # Words are listed only now that they are known to be few.
        return pieces * len(self._words(channels))

    def names(self, values: Sequence[str]) -> list[str]:
        """A name for every feature: sig.time.ret, of later pieces sig2of2.time.ret."""
        self.width(len(values))
        path = [CLOCK] if self.clock else []
        path += [f"lead_{v}" for v in values] if self.lead_lag else list(values)
        path += [f"lag_{v}" for v in values] if self.lead_lag else []
        start = "logsig" if self.log else "sig"
        pieces = [(k + 1, 2**level) for level in range(self.dyadic) for k in range(2**level)]
        heads = [start if of == 1 else f"{start}{piece}of{of}" for piece, of in pieces]
        found = [".".join(path[letter] for letter in word) for word in self._words(len(path))]
        return [f"{head}.{word}" for head in heads for word in found]

    def _words(self, channels: int) -> list[tuple[int, ...]]:
        return (lyndon_words if self.log else words)(channels, self.depth)


def path_of(
    values: torch.Tensor, kind: PathKind, clock: torch.Tensor | None = None
) -> torch.Tensor:
    """The path of windows, ... × time × channel -> ... × point × channel.

    clock   ... × time, from zero on; without one, time runs evenly from zero to one
    """
    if kind.clock:
        even = torch.linspace(0.0, 1.0, values.shape[-2], dtype=values.dtype, device=values.device)
        times = (even if clock is None else clock).unsqueeze(-1)
        values = torch.cat([times.expand(*values.shape[:-1], 1), values], dim=-1)
    if kind.base_point:
        values = torch.cat([torch.zeros_like(values[..., :1, :]), values], dim=-2)
    return lead_lag(values, int(kind.clock)) if kind.lead_lag else values


def lead_lag(path: torch.Tensor, once: int = 0) -> torch.Tensor:
    """Each point twice: first the leading channels move, then the lagging ones follow.

    once   so many channels in front lead and have no lagging copy, e.g. time

    Order of the channels: those in front, leading, lagging. Leading before lagging at level 2,
    less the opposite, is the sum of squared steps.
    """
    twice = path.repeat_interleave(2, dim=-2)
    return torch.cat([twice[..., 1:, :], twice[..., :-1, once:]], dim=-1)


def path_features(
    values: torch.Tensor, kind: PathKind, clock: torch.Tensor | None = None
) -> torch.Tensor:
    """Features of windows: ... × time × channel -> ... × feature, in the order of `names`.

    Raises ModelError for a window of too few points.
    """
    path = path_of(values, kind, clock)
    steps, pieces = path.shape[-2] - 1, 2 ** (kind.dyadic - 1)
    if steps < pieces:
        raise ModelError(
            f"signatures: expected windows of at least {pieces + 1} points for {pieces} pieces, "
            f"got {steps + 1}; take longer windows or add a base point"
        )
    found = []
    for level in range(kind.dyadic):
        cuts = [steps * k // 2**level for k in range(2**level + 1)]
        for first, last in pairwise(cuts):
            found.append(_terms(path[..., first : last + 1, :], kind))
    return torch.cat(found, dim=-1)


def window_features(
    values: FloatArray, kind: PathKind, clock: FloatArray | None = None
) -> FloatArray:
    """`path_features` of any number of windows, some at a time; float64.

    values  row × time × channel, finite
    clock   row × time
    """
    rows, times, channels = values.shape
    width = kind.width(channels)
    every = max(_AT_ONCE // (2 * times * width), 1)
    out = np.empty((rows, width))
    for start in range(0, rows, every):
        some = slice(start, start + every)
        given = torch.from_numpy(np.array(values[some], dtype=np.float64))
        when = None if clock is None else torch.from_numpy(np.array(clock[some], dtype=np.float64))
        out[some] = path_features(given, kind, when).numpy()
    return out


def _terms(path: torch.Tensor, kind: PathKind) -> torch.Tensor:
    terms = signature(path, kind.depth)
    return log_signature(terms, path.shape[-1], kind.depth) if kind.log else terms
