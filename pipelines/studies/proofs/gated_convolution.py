"""Gates of causal convolutions, as models of characters of equal size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from models.backbones.gated_convolution import GatedLayer
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.tasks.source_text import SYMBOLS, Codes, source_text

LAYERS, KERNEL, RATE, BATCH, LENGTH = 6, 4, 2e-3, 32, 128
STEPS, SHORT_STEPS = 400, 90
#: Width of layers with a gate and without one, so that all have about 123,000 parameters.
GATED, PLAIN = 48, 68
#: Characters of the test.
TESTED = 20_000
#: What the paper's unit has to gain over units without a linear path, bits per character.
GAIN = 0.3


class PlainLayer(nn.Module):
    """The same layer without a gate."""

    def __init__(self, size: int, activation: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(size, size, KERNEL)
        self._activation = activation

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        seen = nn.functional.pad(inputs.transpose(1, 2), (KERNEL - 1, 0))
        return self._activation(self.convolution(seen).transpose(1, 2)), None


class CharacterModel(nn.Module):
    """The paper's plain stack: an embedding, layers, no residual path."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        plain = {"relu": torch.relu, "tanh": torch.tanh}
        size = PLAIN if unit in plain else GATED
        self.embedding = nn.Embedding(SYMBOLS, size)
        self.layers = nn.ModuleList(
            PlainLayer(size, plain[unit])
            if unit in plain
            else GatedLayer(size, size, KERNEL, gate=unit)
            for _ in range(LAYERS)
        )
        self.output = nn.Linear(size, SYMBOLS)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.embedding(codes)
        for layer in self.layers:
            states = layer(states)[0]
        odds: torch.Tensor = self.output(states)
        return odds


def bits_per_character(unit: str, train: Codes, test: Codes, steps: int, seed: int) -> float:
    """Of the test text, after so many steps with a learning rate that falls as a cosine."""
    torch.manual_seed(seed)
    model, draw = CharacterModel(unit), np.random.default_rng(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        starts = draw.integers(0, len(train) - LENGTH - 1, BATCH)
        rows = torch.from_numpy(train[starts[:, None] + np.arange(LENGTH + 1)])
        optimizer.zero_grad()
        torch.autograd.backward(_nats(model, rows))
        optimizer.step()
        schedule.step()
    whole = torch.from_numpy(test[:TESTED])
    with torch.inference_mode():
        return float(_nats(model, whole[None])) / math.log(2)


def _nats(model: CharacterModel, rows: torch.Tensor) -> torch.Tensor:
    odds = model(rows[:, :-1])
    return cross_entropy(odds.reshape(-1, SYMBOLS), rows[:, 1:].reshape(-1))


def _run(effort: Effort) -> Iterator[Check]:
    train, test = source_text()
    units = ("glu", "gtu", "tanh") if effort.short else ("glu", "gtu", "tanh", "bilinear", "relu")
    found = {}
    for unit in units:
        steps = SHORT_STEPS if effort.short else STEPS
        found[unit] = bits_per_character(unit, train, test, steps, seed=0)
        effort.say(f"{unit}: {found[unit]:.3f} bits per character")
    gain = 0.1 if effort.short else GAIN
    counts = [sum(p.numel() for p in CharacterModel(unit).parameters()) for unit in units]
    spread = max(counts) / min(counts)
    yield at_most("largest over smallest number of parameters", spread, 1.05)
    yield told("GLU, bits per character", found["glu"], "about 3.8 after 400 steps")
    for unit in ("gtu", "tanh"):
        yield at_least(f"{unit} minus GLU, bits per character", found[unit] - found["glu"], gain)
    if not effort.short:
        yield at_least(
            "bilinear minus GLU, bits per character", found["bilinear"] - found["glu"], 0.0
        )
        yield told(
            "ReLU minus GLU, bits per character", found["relu"] - found["glu"], "not asserted"
        )


PROOF = Proof(
    "gated_convolution",
    "Dauphin, Fan, Auli and Grangier 2017",
    "A gated linear unit learns faster than gates without a linear path, because its gradient is "
    "not damped by a squashing derivative.",
    _run,
    ("GLU better than ReLU: at this size ReLU is the better one.",),
)
