"""Signatures of paths: the iterated integrals of a polyline, up to a depth.

A path with d channels has d^k terms at level k, one for each word of k channels. They tell
everything about it but how fast it runs, where it begins and what it undoes at once (Lyons and
McLeod 2022, "Signature methods in machine learning"); see `path_features` for the paths that
keep those too. The same increments in the same order give the same bits, however many paths
stand beside them.

Layout: the levels one after the other, the words of a level in the order of their letters,
without the leading one. `Levels` are the same numbers, level by level.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import product
from typing import Literal

import torch

from models.errors import DependencyError, ModelError

Levels = list[torch.Tensor]
#: torch, the one here; pysiglib, many times faster where it is installed; auto, what there is.
Engine = Literal["auto", "torch", "pysiglib"]


def signature_width(channels: int, depth: int) -> int:
    """Terms of levels 1 to `depth`."""
    return sum(channels**level for level in range(1, depth + 1))


def words(channels: int, depth: int) -> list[tuple[int, ...]]:
    """The channels of every term, in the order of the terms."""
    return [w for k in range(1, depth + 1) for w in product(range(channels), repeat=k)]


def signature(path: torch.Tensor, depth: int, engine: Engine = "auto") -> torch.Tensor:
    """Signature of a whole path: ... × time × channel -> ... × term.

    engine   all agree to the rounding of float64; gradients pass through all

    Raises ModelError for a depth below one or a path without a step, DependencyError when
    pysiglib is asked for and not installed.
    """
    _check(path, depth)
    if engine == "pysiglib" and not has_pysiglib():
        raise DependencyError(
            "signatures: pysiglib is not installed; pip install 'halyard[signatures]'"
        )
    if engine == "torch" or path.device.type != "cpu" or not has_pysiglib():
        return running_signature(path.diff(dim=-2), depth)[..., -1, :]
    from pysiglib.torch_api import sig

    # It takes one axis of rows, and memory of its own.
    rows = path.reshape(-1, *path.shape[-2:]).clone(memory_format=torch.contiguous_format)
    found: torch.Tensor = sig(rows, depth)
    return found.reshape(*path.shape[:-2], -1)


def has_pysiglib() -> bool:
    """Whether the optional library is installed."""
    return find_spec("pysiglib") is not None


def running_signature(
    increments: torch.Tensor, depth: int, before: torch.Tensor | None = None
) -> torch.Tensor:
    """Signature of every beginning of a path: ... × step × channel -> ... × step × term.

    increments  differences of neighbouring points
    before      ... × term: signature of what came earlier, to go on with

    By Chen's identity a step z adds to level k the levels below it times powers of z over
    factorials; Horner's form of that sum costs one outer product per level. It needs only
    lower levels of the step before, so that each level is one cumulative sum over all steps.
    """
    channels = increments.shape[-1]
    earlier = None if before is None else split_levels(before, channels, depth)
    ends: Levels = []  # after each step
    starts: Levels = []  # before each step
    for level in range(1, depth + 1):
        added = increments / level
        for lower, start in enumerate(starts, start=1):
            added = outer(added + start, increments / (level - lower))
        end = added.cumsum(dim=-2)
        first = torch.zeros_like(end[..., :1, :])
        if earlier is not None:
            first = earlier[level - 1].unsqueeze(-2).expand_as(first)
            end = end + first
        ends.append(end)
        starts.append(torch.cat([first, end[..., :-1, :]], dim=-2))
    return torch.cat(ends, dim=-1)


def split_levels(terms: torch.Tensor, channels: int, depth: int) -> Levels:
    """... × term -> per level ... × channels^level. Raises ModelError for another width."""
    if terms.shape[-1] != signature_width(channels, depth):
        raise ModelError(
            f"signature: expected {signature_width(channels, depth)} terms for {channels} channels "
            f"to depth {depth}, got {terms.shape[-1]}"
        )
    return list(torch.split(terms, [channels**level for level in range(1, depth + 1)], dim=-1))


def chain(first: torch.Tensor, second: torch.Tensor, channels: int, depth: int) -> torch.Tensor:
    """Signature of one path followed by another, from theirs (Chen 1957)."""
    left, right = (split_levels(terms, channels, depth) for terms in (first, second))
    joint = _product(left, right)
    return torch.cat([a + b + c for a, b, c in zip(left, right, joint, strict=True)], dim=-1)


def log_signature(terms: torch.Tensor, channels: int, depth: int) -> torch.Tensor:
    """What is left of a signature without what its products repeat: ... × Lyndon word.

    The tensor logarithm lies in the free Lie algebra, where its coefficients at the Lyndon
    words decide all others; three channels to depth three have 14 of 39.
    """
    kept = [i for i, word in enumerate(words(channels, depth)) if is_lyndon(word)]
    return tensor_log(terms, channels, depth)[..., kept]


def tensor_log(terms: torch.Tensor, channels: int, depth: int) -> torch.Tensor:
    """log(1 + x) = x - x²/2 + x³/3 ... of a signature 1 + x, cut at `depth`; ... × term."""
    given = split_levels(terms, channels, depth)
    power, total = given, given
    for order in range(2, depth + 1):
        power = _product(power, given)
        sign = -1.0 if order % 2 == 0 else 1.0
        total = [a + sign / order * b for a, b in zip(total, power, strict=True)]
    return torch.cat(total, dim=-1)


def is_lyndon(word: tuple[int, ...]) -> bool:
    """Whether a word comes before every one of its proper endings, as in a dictionary."""
    return all(word < word[cut:] for cut in range(1, len(word)))


def lyndon_words(channels: int, depth: int) -> list[tuple[int, ...]]:
    """The words of `log_signature`, in its order."""
    return [word for word in words(channels, depth) if is_lyndon(word)]


def outer(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """... × a and ... × b -> ... × (a · b), the right letters running fastest."""
    return (left.unsqueeze(-1) * right.unsqueeze(-2)).flatten(-2)


def _product(left: Levels, right: Levels) -> Levels:
    """Tensor product of two series that both begin at level 1, cut at their depth."""
    joint: Levels = [torch.zeros_like(left[0])]
    for level in range(2, len(left) + 1):
        parts = [outer(left[k - 1], right[level - k - 1]) for k in range(1, level)]
        joint.append(torch.stack(parts).sum(dim=0))
    return joint


def _check(path: torch.Tensor, depth: int) -> None:
    if depth < 1:
        raise ModelError(f"signature: expected a depth of 1 or more, got {depth}")
    if path.dim() < 2 or path.shape[-2] < 2 or path.shape[-1] < 1:
        raise ModelError(
            "signature: expected a path of at least two points, ... × time × channel, got shape "
            f"{tuple(path.shape)}; add a base point to a single one"
        )
