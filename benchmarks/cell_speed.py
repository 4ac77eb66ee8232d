"""A training step of every recurrent cell against torch's fused LSTM, side by side.

    python -m benchmarks.cell_speed

One layer of 64, a window of 36 steps of 8 channels, 256 rows, one thread: forward and backward.
A cell of models.cells costs a loop over time in Python; what the inputs alone decide is one
product for the whole window. Writes benchmarks/results/cell_speed.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pipelines.environment import ensure_environment

if __name__ == "__main__":
    # Before torch is imported: it reads its threads from the environment, once.
    ensure_environment()

import torch

from benchmarks.timing import machine
from models.backbones.base import Backbone, Shape
from models.backbones.catalogue import make_backbone
from models.cells.catalogue import CELLS

RESULTS = Path(__file__).parent / "results" / "cell_speed.json"
SHAPE = Shape(channels=8, hidden_size=64, layers=1, dropout=0.0, steps=36)
ROWS = 256
FUSED = "lstm"
#: Share of the fused layer's speed that a cell has to have.
WANTED = 0.1


def speeds(names: Sequence[str], repeats: int) -> dict[str, float]:
    """Speed of each over that of the fused layer: medians of so many turns, each of both."""
    torch.manual_seed(0)
    past = torch.randn(ROWS, SHAPE.steps, SHAPE.channels)
    fused = make_backbone(FUSED, SHAPE)
    found = {}
    for name in names:
        cell = make_backbone(name, SHAPE)
        for one in (fused, cell):
            _step(one, past)
        turns = [(_step(fused, past), _step(cell, past)) for _ in range(repeats)]
        found[name] = round(statistics.median(theirs / ours for theirs, ours in turns), 3)
    return found


def _step(backbone: Backbone, past: torch.Tensor) -> float:
    begun = time.perf_counter()
    torch.autograd.grad(backbone(past).square().mean(), list(backbone.parameters()))
    return time.perf_counter() - begun


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    found = speeds(list(CELLS), given.repeats)
    about = {"what": "speed of a training step over that of torch.nn.LSTM", "ratio": found}
    given.out.write_text(json.dumps({**about, "machine": machine()}, indent=1) + "\n", "utf-8")
    for name, ratio in found.items():
        print(f"{name}: {ratio}")  # noqa: T201
    return 0 if min(found.values()) >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
