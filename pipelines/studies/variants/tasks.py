"""The tasks of the study: chorales, a chaotic series, funds, and coefficients of density."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.options import BackboneOptions
from models.contract import FloatArray
from models.errors import ConfigError
from pipelines.studies.tasks.chorale_model import ChoraleModel
from pipelines.studies.tasks.jsb_chorales import (
    ChoraleBatch,
    Chorales,
    batch_of,
    load_chorales,
    nats,
)
from pipelines.studies.tasks.mackey_glass import mackey_glass, windows_of
from pipelines.studies.variants.search import Task

#: Of the chaotic series.
LOOKBACK, HORIZON, LENGTH = 24, 6, 1600
#: Of density.
HOURS_READ, HOURS_AHEAD = 24, 12
BATCH = 20


class Regressor(nn.Module):
    """The last state of a window, and a linear map of it."""

    def __init__(self, variant: str, channels: int, blocks: int, outputs: int, steps: int) -> None:
        super().__init__()
        shape = Shape(channels, blocks, steps=steps)
        self.backbone = make_backbone(variant, shape, BackboneOptions(memory="open"))
        self.output = nn.Linear(blocks, outputs)

    def forward(self, past: torch.Tensor) -> torch.Tensor:
        said: torch.Tensor = self.output(self.backbone.states(past)[:, -1])
        return said


@dataclass(frozen=True)
class Rows:
    """Windows, row × step × channel, and what is wanted, row × output."""

    past: torch.Tensor
    wanted: torch.Tensor

    @classmethod
    def of(cls, past: FloatArray, wanted: FloatArray) -> Rows:
        return cls(*(torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in (past, wanted)))


class WindowTask:
    """Mean square error on windows whose targets are standardised on the training rows.

    make   training, validation and test rows, in the order of time
    """

    unit = "mean square error, variance of the training = 1"
    worst = 2.0

    def __init__(
        self, name: str, make: Callable[[], tuple[Rows, Rows, Rows]], epochs: int = 25
    ) -> None:
        self.name, self.epochs, self._make = name, epochs, make

    @cached_property
    def rows(self) -> tuple[Rows, Rows, Rows]:
        return self._make()

    def prepare(self) -> None:
        len(self.rows)

    def network(self, variant: str, blocks: int) -> nn.Module:
        past, wanted = self.rows[0].past, self.rows[0].wanted
        return Regressor(variant, past.shape[2], blocks, wanted.shape[1], past.shape[1])

    def batches(self, draw: np.random.Generator) -> list[torch.Tensor]:
        order = torch.from_numpy(draw.permutation(len(self.rows[0].past)))
        return list(torch.split(order, BATCH))

    def loss(self, network: nn.Module, batch: torch.Tensor, noise: float) -> torch.Tensor:
        train = self.rows[0]
        past = train.past[batch]
        past = past + noise * torch.randn_like(past)
        error: torch.Tensor = network(past) - train.wanted[batch]
        return error.square().mean()

    def errors(self, network: nn.Module) -> tuple[float, float]:
        _, valid, test = self.rows
        found = [float((network(r.past) - r.wanted).square().mean()) for r in (valid, test)]
        return found[0], found[1]


class ChoraleTask:
    """Negative log likelihood of chorales, nats per step; one update per chorale."""

    name, unit = "jsb", "nats per step"
    #: Of keys that sound as often as in training.
    worst = 12.0

    def __init__(self, epochs: int = 60) -> None:
        self.epochs = epochs

    @cached_property
    def data(self) -> Chorales:
        return load_chorales()

    @cached_property
    def judged(self) -> tuple[ChoraleBatch, ChoraleBatch]:
        return batch_of(self.data.valid), batch_of(self.data.test)

    def prepare(self) -> None:
        len(self.judged)

    def network(self, variant: str, blocks: int) -> nn.Module:
        frequency = torch.from_numpy(np.concatenate(self.data.train).mean(axis=0))
        return ChoraleModel(variant, blocks, frequency)

    def batches(self, draw: np.random.Generator) -> list[ChoraleBatch]:
        return [batch_of([self.data.train[row]]) for row in draw.permutation(len(self.data.train))]

    def loss(self, network: nn.Module, batch: ChoraleBatch, noise: float) -> torch.Tensor:
        seen = batch.seen + noise * torch.randn_like(batch.seen)
        return nats(network(seen), batch)

    def errors(self, network: nn.Module) -> tuple[float, float]:
        found = [float(nats(network(batch.seen), batch)) for batch in self.judged]
        return found[0], found[1]


def split_in_time(past: FloatArray, wanted: FloatArray, gap: int) -> tuple[Rows, Rows, Rows]:
    """60 %, 20 % and 20 % of the rows, `gap` rows left out between them, so that no target is
    read on the other side; standardised on the first."""
    ends = [int(share * len(past)) for share in (0.6, 0.8, 1.0)]
    spans = [slice(0, ends[0] - gap), slice(ends[0], ends[1] - gap), slice(ends[1], ends[2])]
    mean, spread = past[spans[0]].mean(axis=(0, 1)), past[spans[0]].std(axis=(0, 1))
    middle, size = wanted[spans[0]].mean(axis=0), wanted[spans[0]].std(axis=0)
    parts = [
        Rows.of(
            (past[one] - mean) / np.where(spread > 0, spread, 1.0), (wanted[one] - middle) / size
        )
        for one in spans
    ]
    return parts[0], parts[1], parts[2]


def mackey_glass_rows() -> tuple[Rows, Rows, Rows]:
    past, wanted = windows_of(mackey_glass(LENGTH), LOOKBACK, HORIZON)
    return split_in_time(past, wanted, LOOKBACK + HORIZON)


def fund_rows(lookback: int = 36, horizon: int = 12) -> tuple[Rows, Rows, Rows]:
    """Sharpe ratios of the embedded portfolios over the next year from their months before."""
    from models.transforms.sharpe import rolling_sharpe
    from pipelines.datasets.open_panel import open_panel

    panel = open_panel(None).panel
    excess = panel.excess
    ratio = rolling_sharpe(excess, horizon, panel.periods_per_year)
    origins = np.arange(lookback - 1, excess.shape[1] - horizon, 3)
    past = np.stack([excess[:, o - lookback + 1 : o + 1] for o in origins])
    wanted = np.stack([ratio[:, o + horizon] for o in origins])
    known = np.isfinite(past).all(axis=2) & np.isfinite(wanted)
    months = [
        (past[i][known[i]][..., None], wanted[i][known[i]][:, None]) for i in range(len(origins))
    ]
    flat = [np.concatenate(part) for part in zip(*months, strict=True)]
    return split_in_time(flat[0], flat[1], (lookback + horizon) // 3 * excess.shape[0])


def density_rows() -> tuple[Rows, Rows, Rows]:
    """How five coefficients of log density change over half a day, from a day of them and drivers.

    Changes, because levels are others in each part of a year: with them a network that knows
    nothing would count like one that ran away.
    """
    from models.emulators.features import features
    from models.emulators.settings import DensityConfig
    from pipelines.dataclass_config import load_dataclass
    from pipelines.thermosphere_density.fields import reduce_fields
    from pipelines.thermosphere_density.opening import open_fields
    from pipelines.thermosphere_density.splits import split_hours

    changes = ("first=2001-01", "last=2001-12", "held_out=[]", "rank=5")
    config = load_dataclass(DensityConfig, "methods_density", changes)
    fields, drivers, config = open_fields(config)
    # Components see the training part alone.
    train = split_hours(drivers.times, ()).train
    train[int(0.6 * len(train)) :] = False
    series = reduce_fields(fields, drivers, train, config)
    state = series.state / np.sqrt(series.components.variance)
    read = np.concatenate([state, features(series.drivers, "f107_kp")], axis=1)
    origins = np.arange(HOURS_READ - 1, len(read) - HOURS_AHEAD, 6)
    past = np.stack([read[o - HOURS_READ + 1 : o + 1] for o in origins])
    return split_in_time(
        past, state[origins + HOURS_AHEAD] - state[origins], (HOURS_READ + HOURS_AHEAD) // 6
    )


TASKS: dict[str, Callable[[], Task]] = {
    "jsb": ChoraleTask,
    "mackey_glass": lambda: WindowTask("mackey_glass", mackey_glass_rows),
    "fund": lambda: WindowTask("fund", fund_rows),
    "density": lambda: WindowTask("density", density_rows),
}


def find_tasks(names: Sequence[str]) -> list[Task]:
    """Those of these names, or all without any. Raises ConfigError for an unknown one."""
    for name in names:
        if name not in TASKS:
            raise ConfigError(f"--task: expected one of {', '.join(TASKS)}, got {name!r}")
    return [TASKS[name]() for name in names or TASKS]
