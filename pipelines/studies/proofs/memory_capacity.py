"""How much of the past a linear read-out of N units can tell: N steps' worth, and no more."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.diagnostics.memory_probe import memory_curve
from pipelines.studies.proof import Check, Effort, Proof, told, within

RATE, ROWS, STEPS = 1e-2, 64, 2500
#: Numbers of units, and steps back that the networks are asked for, per unit.
UNITS, ASKED = (5, 10), 2
#: Share of its bound that a trained network reaches.
LOW, HIGH = 0.95, 1.02
SHORT_STEPS, SHORT_LOW = 500, 0.6
PROBED = 20_000


def capacity(backbone: str, units: int, layers: int, steps: int, seed: int = 0) -> float:
    """Train a network to give back its newest inputs through a linear read-out; probe it."""
    torch.manual_seed(seed)
    lags = ASKED * units
    encoder = make_backbone(backbone, Shape(1, units, layers, 0.0, lags))
    output = nn.Linear(units, lags)
    weights = [*encoder.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(weights, lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        inputs = torch.randn(ROWS, 2 * lags, 1)
        states = encoder.states(inputs)[:, lags - 1 :]
        wanted = inputs[..., 0].unfold(1, lags, 1).flip(2)
        optimizer.zero_grad()
        torch.autograd.backward((output(states) - wanted).square().mean())
        optimizer.step()
        schedule.step()
    curve = memory_curve(
        lambda part: encoder.eval()(part), 1, 2 * lags, steps=3 * lags, rows=PROBED, seed=seed + 1
    )
    return float(curve.capacity[0])


def _run(effort: Effort) -> Iterator[Check]:
    steps = SHORT_STEPS if effort.short else STEPS
    low = SHORT_LOW if effort.short else LOW
    for units in UNITS[: 1 if effort.short else None]:
        for backbone in ("tanh",) if effort.short else ("tanh", "gru"):
            found = capacity(backbone, units, 1, steps)
            effort.say(f"{backbone} of {units}: {found:.3f}")
            what = f"memory capacity of {units} {backbone} units, over {units}"
            yield within(what, found / units, low, HIGH)
    if not effort.short:
        yield told("memory capacity of 5 LSTM units", capacity("lstm", 5, 1, steps), "bound 5")
        top = capacity("tanh", 5, 2, steps)
        yield told("memory capacity of the top layer of 2 × 5 tanh units", top, "bound 5")


PROOF = Proof(
    "memory_capacity",
    "Illium, Schillman, Müller, Gabor and Linnhoff-Popien 2022; Jaeger 2001",
    "Trained to remember, N recurrent units tell N steps of independent inputs to a linear "
    "read-out, their bound.",
    _run,
    (
        "the bound N - (l - 1) of l stacked layers: a linear read-out of the top layer "
        "reaches its own units, one of all layers all of them.",
    ),
)
