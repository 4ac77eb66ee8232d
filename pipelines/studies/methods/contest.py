"""What is compared, how it is tuned, and what is kept of each method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, Self

import numpy as np

from models.contract import FloatArray
from models.errors import ConfigError

#: What is served today, trained in the arena with its own settings.
SHIPPED = "shipped"
#: Before the kinds of network, joined by +, that the shipped model is made of instead.
MADE_OF = f"{SHIPPED}-"
#: A method as it is drawn: the same settings for all of them.
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Fairness:
    """What every method is given.

    budget   parameters of the backbone, as near as its hidden size allows
    trials   settings that are tried, the same for all methods
    seeds    networks that are judged, with the best settings
    seed     of the draw of settings, and of the first network
    """

    budget: int
    trials: int
    seeds: int
    seed: int = 0


@dataclass(frozen=True)
class Judged:
    """How a method did on dates that its tuning did not see.

    dates    label of each, ascending
    losses   name of the loss -> date: mean over what was forecast at that date
    """

    dates: tuple[str, ...]
    losses: Mapping[str, FloatArray]


@dataclass(frozen=True)
class MethodRecord:
    """All that is kept of one method in one job.

    hidden_size, parameters   of the backbone; 0 for what has none
    trials                    settings and loss of each, in the order of the draw
    best                      the settings that were judged
    step_ratio                time of a training step over that of `lstm`, side by side
    """

    job: str
    method: str
    hidden_size: int
    parameters: int
    trials: tuple[Mapping[str, Any], ...]
    best: Mapping[str, Any]
    judged: Judged
    step_ratio: float
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        losses = {
            name: [round(float(one), 7) for one in values]
            for name, values in self.judged.losses.items()
        }
        return {**asdict(self), "judged": {"dates": list(self.judged.dates), "losses": losses}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        losses = {n: np.asarray(v, np.float64) for n, v in data["judged"]["losses"].items()}
        judged = Judged(tuple(data["judged"]["dates"]), losses)
        return cls(**{**data, "trials": tuple(data["trials"]), "judged": judged})


class Made(Protocol):
    """Settings of an ensemble."""

    @property
    def cells(self) -> tuple[str, ...]: ...

    @property
    def members(self) -> int: ...


def other_cells(name: str) -> tuple[str, ...]:
    """Kinds of network of "shipped-KIND+KIND"; () for any other name."""
    return tuple(name.removeprefix(MADE_OF).split("+")) if name.startswith(MADE_OF) else ()


def shared_out(shipped: Made, name: str) -> tuple[tuple[str, ...], int]:
    """Kinds of network, and how many of each: as many in all as the shipped model has.

    Raises ConfigError where they cannot be shared out evenly.
    """
    cells = other_cells(name) or shipped.cells
    total = len(shipped.cells) * shipped.members
    if total % len(cells):
        raise ConfigError(
            f"--only {name}: expected kinds that share out {total} networks evenly, got "
            f"{len(cells)} kinds"
        )
    return cells, total // len(cells)


class Arena(Protocol):
    """One job as a contest. Its loss is the smaller the better, and comparable by date.

    data_hash of what is forecast; methods judged on other data are not mixed in
    lags      later dates that a date's loss hangs together with
    methods   names of all backbones that the job can use
    others    what takes part without being tuned here: baselines, the shipped model; beside it,
              when asked for, the shipped model made of other networks ("shipped-KIND+KIND")
    """

    job: str
    data_hash: str
    lags: int
    loss: str

    @property
    def command(self) -> str:
        """The command line that makes the contest."""
        ...

    @property
    def methods(self) -> Sequence[str]: ...

    @property
    def others(self) -> Sequence[str]: ...

    def draws(self, fair: Fairness) -> Sequence[Params]:
        """Settings to try, the same for every method."""
        ...

    def size(self, method: str, budget: int) -> tuple[int, int]:
        """Hidden size for a budget, and the parameters it has."""
        ...

    def tuning_loss(self, method: str, hidden_size: int, params: Params, seed: int) -> float:
        """Loss of one trial, on dates before those that are judged."""
        ...

    def judge(self, method: str, hidden_size: int, params: Params, fair: Fairness) -> Judged:
        """Train with what was known before, forecast the dates that are judged."""
        ...

    def judge_other(self, name: str) -> Judged: ...

    def step_seconds(self, method: str, hidden_size: int) -> float:
        """Seconds of one training step on one batch."""
        ...
