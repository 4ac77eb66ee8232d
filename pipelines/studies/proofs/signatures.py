"""The identities of path signatures, and what they hold that a linear model of a path lacks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import torch

from models.baselines.least_squares import linear_fit, linear_predict
from models.contract import FloatArray
from models.transforms.path_features import PathKind, lead_lag, path_features
from models.transforms.signatures import (
    chain,
    log_signature,
    lyndon_words,
    outer,
    running_signature,
    signature,
    words,
)
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, within

#: What counts as exact in float64.
EXACT = 1e-10
CHANNELS, DEPTH, STEPS = 3, 4, 36


def run(effort: Effort) -> Iterator[Check]:
    """Every number takes less than a second; the short form has fewer paths."""
    rows = 100 if effort.short else 2000
    paths = _paths(rows, seed=0)
    yield from _identities(paths)
    yield from _roughness(paths, rows)
    yield _circle()
    yield from _learnt(walks=500 if effort.short else 4000)


def _identities(paths: torch.Tensor) -> Iterator[Check]:
    terms = _sig(paths)
    yield _exact("straight line against its closed form", *_straight(paths))
    middle = (paths[:, :-1] + 2.0 * paths[:, 1:]) / 3.0
    slower = torch.stack([paths[:, :-1], middle], dim=2).flatten(1, 2)
    slower = torch.cat([slower, paths[:, -1:]], dim=1)
    yield _exact("the same path at another speed", _sig(slower), terms)
    detour = torch.cat([paths[:, 9:10], 0.5 * paths[:, 20:25]], dim=1)
    there = torch.cat([paths[:, :10], detour[:, 1:], detour.flip(1)[:, 1:], paths[:, 10:]], dim=1)
    yield _exact("the same path with a detour that it undoes", _sig(there), terms)
    first, second = _sig(paths[:, :18]), _sig(paths[:, 17:])
    yield _exact("two halves, chained", chain(first, second, CHANNELS, DEPTH), terms)
    running = running_signature(paths.diff(dim=1), DEPTH)
    streamed = running_signature(paths[:, 17:].diff(dim=1), DEPTH, running[:, 16])
    yield _exact("beginnings, streamed in two pieces", streamed, running[:, 17:])
    yield _exact("products against sums over shuffles", *_shuffled(terms))
    count = log_signature(_sig(paths, 3), CHANNELS, 3).shape[-1]
    yield within("terms of the log-signature, 3 channels to depth 3", count, 14, 14)
    yield within("Lyndon words of 2 letters up to 5", len(lyndon_words(2, 5)), 14, 14)


def _roughness(paths: torch.Tensor, rows: int) -> Iterator[Check]:
    """What a lagging copy of a channel adds."""
    terms = signature(lead_lag(paths[..., :1]), 2, "torch")
    squares = paths[..., 0].diff(dim=1).square().sum(dim=1)
    yield _exact(
        "lead-lag area against the sum of squared steps", terms[:, 3] - terms[:, 4], squares
    )
    random = np.random.default_rng(1)
    returns = torch.from_numpy(random.normal(0.01, 0.05, size=(rows, STEPS)))
    kind = PathKind(depth=2, clock=False, lead_lag=True)
    found = path_features(returns.cumsum(dim=1).unsqueeze(-1), kind)
    mean = found[:, 0] / STEPS
    variance = (found[:, 3] - found[:, 4] - STEPS * mean**2) / (STEPS - 1)
    sharpe = returns.mean(dim=1) / returns.std(dim=1)
    what = f"Sharpe ratio of {rows} windows of {STEPS} months from depth 2"
    yield _exact(what, mean / variance.sqrt(), sharpe)


def _circle() -> Check:
    angle = torch.linspace(0.0, 2.0 * math.pi, 100_001, dtype=torch.float64)
    terms = signature(torch.stack([angle.cos(), angle.sin()], dim=-1), 2, "torch")
    area = float(terms[3] - terms[4]) / 2
    return at_most("signed area of a circle of 100,000 sides less pi", abs(area - math.pi), 1e-8)


def _learnt(walks: int) -> Iterator[Check]:
    """Least squares for the signed area of random walks, judged on walks of its own."""
    train, test = (
        np.random.default_rng(seed).normal(size=(walks, 20, 2)).cumsum(axis=1) for seed in (2, 3)
    )
    kind = PathKind(depth=2, clock=False, base_point=False)
    features = [path_features(torch.from_numpy(w), kind).numpy() for w in (train, test)]
    raw = [w.reshape(walks, -1) for w in (train, test)]
    areas = [_area(w) for w in (train, test)]
    yield at_least("R2 of the signed area, linear in the signature", _r2(features, areas), 0.999)
    yield at_most("R2 of the signed area, linear in the path", _r2(raw, areas), 0.1)


def _area(walks: FloatArray) -> FloatArray:
    """Area between a walk and its chord, by the shoelace formula."""
    x, y = (walks[..., axis] - walks[:, :1, axis] for axis in (0, 1))
    return np.asarray((x[:, :-1] * y[:, 1:] - y[:, :-1] * x[:, 1:]).sum(axis=1) / 2)


def _r2(features: list[FloatArray], wanted: list[FloatArray]) -> float:
    fitted = linear_fit(features[0], wanted[0])
    error = wanted[1] - linear_predict(features[1], fitted)
    return float(1.0 - (error**2).mean() / wanted[1].var())


def _straight(paths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Signatures of lines in uneven steps, and powers of their direction over factorials."""
    direction = paths[:, -1]
    share = torch.linspace(0.0, 1.0, STEPS, dtype=torch.float64).square()[:, None]
    power, levels = direction, [direction]
    for level in range(2, DEPTH + 1):
        power = outer(power, direction) / level
        levels.append(power)
    return _sig(share * direction[:, None]), torch.cat(levels, dim=-1)


def _shuffled(terms: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Products of terms up to level 2, and the sums over shuffles of their words."""
    place = {word: i for i, word in enumerate(words(CHANNELS, DEPTH))}
    low = words(CHANNELS, DEPTH // 2)
    products = [terms[:, place[a]] * terms[:, place[b]] for a in low for b in low]
    sums = [
        sum(
            (count * terms[:, place[word]] for word, count in _shuffles(a, b).items()),
            start=torch.zeros(len(terms), dtype=torch.float64),
        )
        for a in low
        for b in low
    ]
    return torch.stack(products), torch.stack(sums)


def _shuffles(left: tuple[int, ...], right: tuple[int, ...]) -> Counter[tuple[int, ...]]:
    """Every way to merge two words that keeps the order of each."""
    size, found = len(left) + len(right), Counter[tuple[int, ...]]()
    for places in combinations(range(size), len(left)):
        mine, other = iter(left), iter(right)
        found[tuple(next(mine) if at in places else next(other) for at in range(size))] += 1
    return found


def _paths(rows: int, seed: int) -> torch.Tensor:
    """Random walks whose steps have the size of one over the root of their number."""
    steps = np.random.default_rng(seed).normal(size=(rows, STEPS, CHANNELS)) / math.sqrt(STEPS)
    return torch.from_numpy(steps.cumsum(axis=1))


def _sig(paths: torch.Tensor, depth: int = DEPTH) -> torch.Tensor:
    return signature(paths, depth, "torch")


def _exact(what: str, got: torch.Tensor, wanted: torch.Tensor) -> Check:
    return at_most(f"{what}: largest error", float((got - wanted).abs().max()), EXACT)


PROOF = Proof(
    name="signatures",
    paper="Lyons and McLeod 2022",
    claim=(
        "Signatures keep their identities to the rounding of float64, their second level holds "
        "signed areas and squared steps, and so the Sharpe ratio of a window exactly"
    ),
    run=run,
)
