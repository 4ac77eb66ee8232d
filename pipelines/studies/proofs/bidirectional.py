"""Layers that read both ways against layers that read one way, where the label needs both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from models.backbones.base import Backbone, Shape
from models.backbones.catalogue import make_backbone
from models.backbones.matching import matched_hidden, parameter_count
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, within
from pipelines.studies.tasks.window_majority import (
    Frames,
    accuracy,
    past_accuracy,
    past_scores,
    window_majority,
)

#: Steps that a label reaches back and ahead; steps of a sequence.
REACH, TIMES = 4, 40
#: Width of the bidirectional layer; the forward one has the width of as many parameters.
WIDTH = 32
ROWS, TEST_ROWS = 64, 2000
PAIRS = (("lstm", "bidirectional_lstm"), ("gru", "bidirectional_gru"))


class Labeller(nn.Module):
    """A backbone and a score at every step."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.score = nn.Linear(backbone.hidden_size, 1)

    def forward(self, bits: torch.Tensor) -> torch.Tensor:
        """row × time -> row × time, positive for up."""
        scores: torch.Tensor = self.score(self.backbone.states(bits.unsqueeze(-1))).squeeze(-1)
        return scores


def run(effort: Effort) -> Iterator[Check]:
    """Train each pair on the same frames; the test frames are new."""
    seeds, steps = (1, 500) if effort.short else (5, 2000)
    test = window_majority(TEST_ROWS, TIMES, REACH, seed=10_000)
    for name, both in PAIRS[:1] if effort.short else PAIRS:
        shapes = _shapes(name, both)
        counts = [parameter_count(kind, shape) for kind, shape in shapes.items()]
        yield within(f"{both}: parameters, of those of {name}", counts[1] / counts[0], 0.9, 1.0)
        nets: dict[str, list[Labeller]] = {kind: [] for kind in shapes}
        for kind, shape in shapes.items():
            for seed in range(seeds):
                nets[kind].append(_trained(kind, shape, steps, seed))
                effort.say(f"{kind}, seed {seed}: {_accuracy(nets[kind][-1], test):.4f}")
        yield from _compare(nets[name], nets[both], name, both, test, effort.short)


def _compare(
    ahead: list[Labeller],
    both_ways: list[Labeller],
    name: str,
    both: str,
    test: Frames,
    short: bool,
) -> Iterator[Check]:
    known, all_known = (
        float(np.mean([_accuracy(net, test) for net in nets])) for nets in (ahead, both_ways)
    )
    least, margin = (0.95, 0.12) if short else (0.99, 0.2)
    bound = accuracy(past_scores(test.bits, REACH), test.labels)
    best = f"the best rule on the past: {bound:.4f}, {past_accuracy(REACH):.4f} over all bits"
    yield within(f"{name}: labels right ({best})", known, bound - 0.02, bound + 0.005)
    yield at_least(f"{both}: labels right", all_known, least)
    yield at_least(f"{both} less {name}", all_known - known, margin)
    yield at_most(f"{name}: change of a score by a later bit", _moved(ahead[0], test), 0.0)
    yield at_least(f"{both}: change of a score by a later bit", _moved(both_ways[0], test), 0.1)


def _shapes(name: str, both: str) -> dict[str, Shape]:
    """The two sizes, with as many parameters; the forward one has what is left over."""
    wide = Shape(1, WIDTH, steps=TIMES)
    budget = parameter_count(both, wide)
    size = matched_hidden(name, wide, budget)
    while parameter_count(name, replace(wide, hidden_size=size)) < budget:
        size += 1
    return {name: replace(wide, hidden_size=size), both: wide}


def _trained(kind: str, shape: Shape, steps: int, seed: int) -> Labeller:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Labeller(make_backbone(kind, shape))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        frames = window_majority(ROWS, TIMES, REACH, seed=100_000 * (seed + 1) + step)
        known = np.isfinite(frames.labels)
        scores = net(_tensor(frames.bits))[torch.from_numpy(known)]
        wanted = _tensor(frames.labels[known])
        loss = nn.functional.binary_cross_entropy_with_logits(scores, wanted)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return net.eval()


@torch.no_grad()
def _accuracy(net: Labeller, frames: Frames) -> float:
    return accuracy(net(_tensor(frames.bits)).numpy(), frames.labels)


@torch.no_grad()
def _moved(net: Labeller, frames: Frames) -> float:
    """Largest change of the scores of the first half when the bit after it is turned."""
    bits, half = _tensor(frames.bits[:100]), TIMES // 2
    turned = bits.clone()
    turned[:, half] *= -1.0
    return float((net(turned) - net(bits))[:, :half].abs().max())


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))


PROOF = Proof(
    name="bidirectional",
    paper="Graves, Mohamed and Hinton 2013",
    claim=(
        "Where a label depends on what comes before and after a step, a layer that reads both "
        "ways beats one of as many parameters that reads ahead, which nothing later can reach"
    ),
    run=run,
    left_out=(
        "the phoneme error rates, depth above width and the gain of weight noise on speech: "
        "TIMIT is licensed.",
    ),
)
