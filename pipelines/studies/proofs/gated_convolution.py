"""Gates of causal convolutions, as models of characters of equal size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from models.backbones.gated_convolution import GatedLayer
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.tasks.source_text import SYMBOLS, Codes, source_text

LAYERS, KERNEL, RATE, BATCH, LENGTH = 6, 4, 2e-3, 32, 128
STEPS, SHORT_STEPS, SEEDS = 400, 90, 2
#: Width of layers with a gate and without one, so that all have about 123,000 parameters.
GATED, PLAIN = 48, 68
#: Characters of the test.
TESTED = 20_000
#: What the paper's unit has to gain over units without a linear path, bits per character.
GAIN, SHORT_GAIN = 0.3, 0.1
Bits = npt.NDArray[np.float64]


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
    units = ("glu", "gtu", "tanh") if effort.short else ("glu", "gtu", "tanh", "bilinear", "relu")
    counts = [sum(p.numel() for p in CharacterModel(unit).parameters()) for unit in units]
    yield at_most("largest over smallest number of parameters", max(counts) / min(counts), 1.05)
    found = _bits(units, effort)
    yield told("GLU, bits per character", found["glu"].mean(), "about 3.8 after 400 steps")
    gains = {unit: float(np.min(bits - found["glu"])) for unit, bits in found.items()}
    which = "bits per character" + ("" if effort.short else f", smallest of {SEEDS} seeds")
    for unit in ("gtu", "tanh"):
        gain = SHORT_GAIN if effort.short else GAIN
        yield at_least(f"{unit} minus GLU, {which}", gains[unit], gain)
    if not effort.short:
        yield at_least(f"bilinear minus GLU, {which}", gains["bilinear"], 0.0)
        yield told(f"ReLU minus GLU, {which}", gains["relu"], "not asserted")


def _bits(units: tuple[str, ...], effort: Effort) -> dict[str, Bits]:
    """Bits per character of each unit, by seed."""
    train, test = source_text()
    steps, seeds = (SHORT_STEPS, 1) if effort.short else (STEPS, SEEDS)
    found = {}
    for unit in units:
        found[unit] = np.array(
            [bits_per_character(unit, train, test, steps, seed) for seed in range(seeds)]
        )
        effort.say(f"{unit}: {found[unit].round(3).tolist()} bits per character")
    return found


PROOF = Proof(
    "gated_convolution",
    "Dauphin, Fan, Auli and Grangier 2017",
    "A gated linear unit learns faster than gates without a linear path, because its gradient is "
    "not damped by a squashing derivative.",
    _run,
    ("GLU better than ReLU: at this size it depends on the seed.",),
)
