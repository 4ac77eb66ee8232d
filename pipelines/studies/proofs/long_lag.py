"""Long time lags: what a forget gate that starts for the length of the window can carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from models.backbones.base import Shape
from models.backbones.catalogue import make_backbone
from models.backbones.options import BackboneOptions
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most
from pipelines.studies.tasks import reber
from pipelines.studies.tasks.long_lag import LongLagTask, adding, temporal_order

#: Sequences of the paper's test, and of one look at whether the training is done.
TESTED, WATCHED = 2560, 2000
BATCH, CLIP = 32, 1.0


@dataclass(frozen=True)
class Net:
    """A network of one layer and how it is trained.

    memory   how gates begin: chrono, or open (forget bias one)
    """

    backbone: str
    hidden_size: int
    learning_rate: float
    memory: str = "chrono"


class Reader(nn.Module):
    """A backbone and a linear output at every step, or at the last one."""

    def __init__(self, net: Net, channels: int, outputs: int, steps: int) -> None:
        super().__init__()
        options = BackboneOptions(memory="chrono" if net.memory == "chrono" else "open")
        shape = Shape(channels, net.hidden_size, steps=steps)
        self.backbone = make_backbone(net.backbone, shape, options)
        self.output = nn.Linear(net.hidden_size, outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        last: torch.Tensor = self.output(self.backbone.states(inputs)[:, -1])
        return last

    def every_step(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.output(self.backbone.states(inputs))
        return outputs


def presentations(task: LongLagTask, net: Net, budget: int, seed: int) -> tuple[int | None, int]:
    """Sequences until the newest 2000 were all right and their mean error below the mark, None
    if never within `budget`; and how many of 2560 new ones are wrong then."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    model = Reader(net, task.channels, task.outputs, task.steps)
    optimizer = torch.optim.Adam(model.parameters(), lr=net.learning_rate)
    right, errors, solved = 0, list[float](), None
    for shown in range(BATCH, budget + 1, BATCH):
        rows = task.draw(random, BATCH)
        given = model(torch.from_numpy(rows.inputs))
        optimizer.zero_grad()
        torch.autograd.backward((given - torch.from_numpy(rows.wanted)).square().mean())
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        said = given.detach().numpy()
        wrong = task.wrong(said, rows.wanted)
        right = 0 if wrong.any() else right + BATCH
        errors = [*errors[1 - WATCHED // BATCH :], task.error(said, rows.wanted)]
        mark = task.mean_error is None or float(np.mean(errors)) < task.mean_error
        if right >= WATCHED and mark:
            solved = shown
            break
    test = task.draw(np.random.default_rng(10_000 + seed), TESTED)
    with torch.inference_mode():
        said = model.eval()(torch.from_numpy(test.inputs)).numpy()
    return solved, int(task.wrong(said, test.wanted).sum())


def reber_presentations(net: Net, budget: int, seed: int) -> int | None:
    """Strings until all 256 of the training and all 256 others are right; None if never."""
    strings = reber.reber_strings(512, seed)
    train, other = strings[:256], strings[256:]
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    longest = max(map(len, strings))
    model = Reader(net, len(reber.SYMBOLS), len(reber.SYMBOLS), longest)
    optimizer = torch.optim.Adam(model.parameters(), lr=net.learning_rate)
    for shown in range(2, budget + 1, 2):
        loss = torch.zeros(())
        for place in random.integers(0, 256, 2):
            steps = torch.from_numpy(reber.one_hot(train[place]))
            odds = model.every_step(steps[None, :-1])[0]
            loss = loss + nn.functional.cross_entropy(odds, steps[1:].argmax(dim=1))
        optimizer.zero_grad()
        torch.autograd.backward(loss / 2)
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        if shown % 400 == 0 and _all_right(model, [*train, *other]):
            return shown
    return None


def _all_right(model: Reader, strings: list[str]) -> bool:
    with torch.inference_mode():
        for string in strings:
            steps = torch.from_numpy(reber.one_hot(string))
            odds = model.every_step(steps[None, :-1])[0].numpy()
            if not reber.is_right(odds, reber.legal_next(string)):
                return False
    return True


ADDING, ORDER = adding(100), temporal_order(2)
ADDING_NET, ORDER_NET = Net("lstm", 32, 3e-3), Net("lstm", 16, 5e-3)
REBER_NET = Net("lstm", 16, 5e-3)
#: Sequences within which a task counts as solved, and wrong ones of 2560 that it may leave.
BUDGETS = {"adding": (150_000, 10), "order": (60_000, 3), "reber": (60_000, 0)}
SEEDS = 3


def _run(effort: Effort) -> Iterator[Check]:
    seeds = range(1 if effort.short else SEEDS)
    order, allowed = BUDGETS["order"]
    for seed in seeds:
        yield from _solved("temporal order 6a", ORDER, ORDER_NET, order, allowed, seed)
        effort.say(f"order, seed {seed}: done")
    fails = 25_000 if effort.short else order
    yield from _unsolved("temporal order 6a", ORDER, ORDER_NET, fails, seeds)
    if effort.short:
        return
    budget, allowed = BUDGETS["adding"]
    for seed in seeds:
        yield from _solved("adding, T = 100", ADDING, ADDING_NET, budget, allowed, seed)
        effort.say(f"adding, seed {seed}: done")
    yield from _unsolved("adding, T = 100", ADDING, ADDING_NET, budget, range(1))
    for seed in seeds:
        shown = reber_presentations(REBER_NET, BUDGETS["reber"][0], seed)
        what = f"embedded Reber grammar, seed {seed}: strings until all 512 are right"
        yield at_most(what, float("nan") if shown is None else shown, BUDGETS["reber"][0])


def _solved(
    name: str, task: LongLagTask, net: Net, budget: int, allowed: int, seed: int
) -> Iterator[Check]:
    shown, wrong = presentations(task, net, budget, seed)
    number = float("nan") if shown is None else float(shown)
    yield at_most(f"{name}, LSTM with chrono bias, seed {seed}: sequences", number, budget)
    yield at_most(f"{name}, seed {seed}: wrong of {TESTED} new ones", wrong, allowed)


def _unsolved(name: str, task: LongLagTask, net: Net, budget: int, seeds: range) -> Iterator[Check]:
    """What the claim is: the plain unit and a forget bias of one do not get there."""
    rivals = {
        "LSTM with forget bias 1": Net("lstm", net.hidden_size, net.learning_rate, "open"),
        "tanh": Net("tanh", 2 * net.hidden_size, net.learning_rate),
    }
    for rival, made in rivals.items():
        found = [presentations(task, made, budget, seed) for seed in seeds]
        solved = sum(shown is not None for shown, _ in found)
        yield at_most(f"{name}, {rival}: solved within {budget:,}", solved, 0)
        least = min(wrong for _, wrong in found)
        yield at_least(f"{name}, {rival}: wrong of {TESTED} new ones", least, 100)


PROOF = Proof(
    "long_lag",
    "Hochreiter and Schmidhuber 1997; Tallec and Ollivier 2018",
    "A memory cell whose gates begin for the length of the window carries a value over a hundred "
    "steps, which a plain unit and a forget bias of one do not.",
    _run,
)
