"""How much of a bare PyTorch loop's speed our training loop keeps, and what windows cost.

    make bench            or  python -m benchmarks.training_throughput

Both loops train the same network from the same weights on the same batches, with the
same loss, optimiser, schedule and clipping; that they end at the same weights is
checked. The bare loop indexes windows that lie ready in memory, ours gathers them.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pipelines.environment import ensure_environment

if __name__ == "__main__":
    # Before torch is imported: it reads its threads from the environment, once.
    ensure_environment()

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.panels import excess_returns
from benchmarks.timing import interleaved, machine, median_ratio
from models.contract import Batch, Windows
from models.forecasters.batches import BatchSource, ShuffledBatches
from models.forecasters.lightning import DirectForecaster
from models.forecasters.network import NetworkForecaster
from models.forecasters.optimisation import Optimisation
from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.forecasters.training import run_training
from models.fund_sharpe import FundSharpeConfig, FundSharpeModel
from models.transforms.fund_windows import FundFeatures, network_windows
from models.transforms.scaling import WindowScaling

CELLS = ("lstm", "gru")
FUNDS, MONTHS = 750, 120
#: The least share of the bare loop's speed that is accepted.
WANTED = 0.8
RESULTS = Path(__file__).parent / "results" / "training_throughput.json"


@dataclass(frozen=True)
class Problem:
    """What both loops train on."""

    windows: Windows
    scaling: WindowScaling
    training: TrainingConfig

    def batches(self) -> ShuffledBatches:
        """Ours: windows gathered batch by batch from the shared arrays."""
        source = BatchSource(self.windows, self.scaling)
        return ShuffledBatches(source, self.training.batch_size, self.training.seed)

    def ready(self) -> Batch:
        """Theirs: every window as a tensor of its own."""
        return BatchSource(self.windows, self.scaling).batch(torch.arange(len(self.windows)))


def make_problem(funds: int = FUNDS, months: int = MONTHS, epochs: int = 2) -> Problem:
    """Training rows of the shipped model on an invented panel."""
    model = FundSharpeModel(FundSharpeConfig())
    features = _features(model, funds, months)
    windows = model.training_windows(features, features.times - 1)
    return Problem(windows, WindowScaling.fit(windows, True), TrainingConfig(epochs=epochs))


def new_module(problem: Problem, cell: str) -> DirectForecaster:
    """An untrained module as `fit` makes it."""
    forecaster = NetworkForecaster(NetworkConfig(cell=cell), problem.training)
    shape = forecaster._shape_of(problem.windows)
    torch.manual_seed(problem.training.seed)
    network = forecaster._build(shape)
    optimisation = Optimisation.of(problem.training, len(problem.batches()))
    return DirectForecaster(network, forecaster._head, forecaster._loss, optimisation)


def ours(problem: Problem, module: DirectForecaster) -> DirectForecaster:
    """Our loop, with all that it sets up."""
    torch.manual_seed(problem.training.seed)
    run_training(
        module,
        problem.batches(),
        epochs=problem.training.epochs,
        gradient_clip=problem.training.gradient_clip,
        accelerator="cpu",
    )
    return module


def bare(problem: Problem, module: DirectForecaster, ready: Batch) -> DirectForecaster:
    """The loop that a person would write by hand; of `module` it uses network and loss."""
    settings = problem.training
    torch.manual_seed(settings.seed)
    order = np.random.default_rng(settings.seed)
    rows = len(ready.target)
    # Lightning opens its data once before the first epoch, which costs us one order.
    order.permutation(rows)
    optimizer = torch.optim.AdamW(
        module.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    steps = settings.epochs * -(-rows // settings.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps
    )
    module.train()
    for _ in range(settings.epochs):
        for chosen in torch.from_numpy(order.permutation(rows)).split(settings.batch_size):
            batch = Batch(**{f.name: getattr(ready, f.name)[chosen] for f in fields(Batch)})
            optimizer.zero_grad()
            module.loss(batch).backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), settings.gradient_clip or np.inf)
            optimizer.step()
            schedule.step()
    return module.eval()


def difference(one: DirectForecaster, other: DirectForecaster) -> float:
    """Largest difference between two modules' weights."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(float((a - b).abs().max().detach()) for a, b in pairs)


def measure(problem: Problem, cell: str, repeats: int) -> dict[str, Any]:
    """Windows per second of both loops, and the ratio. Raises RuntimeError when they differ."""
    start, ready = new_module(problem, cell), problem.ready()
    jobs = {
        "ours": lambda: ours(problem, copy.deepcopy(start)),
        "bare": lambda: bare(problem, copy.deepcopy(start), ready),
    }
    apart = difference(jobs["ours"](), jobs["bare"]())
    if apart > 1e-6:
        raise RuntimeError(f"the two loops did not train the same {cell}: weights differ {apart}")
    seconds = interleaved(jobs, repeats)
    windows = len(problem.windows) * problem.training.epochs
    rate = {name: windows / statistics.median(taken) for name, taken in seconds.items()}
    return {
        "cell": cell,
        "windows_per_second": round(rate["ours"]),
        "bare_windows_per_second": round(rate["bare"]),
        "ratio": round(median_ratio(seconds["bare"], seconds["ours"]), 4),
        "seconds": [round(s, 4) for s in seconds["ours"]],
        "bare_seconds": [round(s, 4) for s in seconds["bare"]],
        "weights_differ": apart,
    }


def measure_preparation(repeats: int, funds: int = FUNDS, months: int = MONTHS) -> dict[str, Any]:
    """Seconds from returns to batches, by step: features, windows, tensors."""
    model = FundSharpeModel(FundSharpeConfig())
    features = _features(model, funds, months)
    windows = model.training_windows(features, features.times - 1)
    scaling = WindowScaling.fit(windows, True)
    series, origin = features.rows(np.arange(features.times), model.config.min_history)
    jobs = {
        "features": lambda: _features(model, funds, months),
        "windows": lambda: network_windows(
            features, series, origin, features.times - 1, model.config.lookback
        ),
        "tensors": lambda: BatchSource(windows, scaling),
    }
    taken = {name: statistics.median(s) for name, s in interleaved(jobs, repeats).items()}
    return {
        "funds": funds,
        "months": months,
        "rows": len(series),
        "seconds": {name: round(value, 4) for name, value in taken.items()},
        "total_seconds": round(sum(taken.values()), 4),
    }


def _features(model: FundSharpeModel, funds: int, months: int) -> FundFeatures:
    return model.features(excess_returns(funds, months), np.full(months, 0.001))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 1 when a ratio is below what is wanted."""
    parser = argparse.ArgumentParser(description="our training loop against a bare PyTorch loop")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    problem = make_problem()
    found = {
        "machine": machine(),
        "rows": len(problem.windows),
        "batch": problem.training.batch_size,
        "epochs": problem.training.epochs,
        "loops": [measure(problem, cell, options.repeats) for cell in CELLS],
        "preparation": measure_preparation(options.repeats),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(found)
    return int(min(loop["ratio"] for loop in found["loops"]) < WANTED)


def show(found: dict[str, Any]) -> None:
    """Print the figures."""
    table = Table("cell", "windows/s", "bare loop", "ratio (median)", box=None, pad_edge=False)
    for loop in found["loops"]:
        ours_, bare_ = loop["windows_per_second"], loop["bare_windows_per_second"]
        table.add_row(loop["cell"], f"{ours_:,}", f"{bare_:,}", f"{loop['ratio']:.3f}")
    console = Console()
    console.print(table)
    prepared = found["preparation"]
    steps = ", ".join(f"{name} {value:.3f}" for name, value in prepared["seconds"].items())
    console.print(
        f"{prepared['rows']:,} windows of {prepared['funds']} funds prepared in "
        f"{prepared['total_seconds']:.3f} s ({steps})"
    )


if __name__ == "__main__":
    sys.exit(main())
