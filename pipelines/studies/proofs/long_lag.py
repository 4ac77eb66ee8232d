"""Long time lags: what a forget gate that starts for the length of the window can carry."""

from __future__ import annotations

import math
from collections.abc import Iterator

from models.backbones.options import BackboneOptions
from pipelines.studies.long_lags import TESTED, Net, learn, learn_reber
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most
from pipelines.studies.tasks.long_lag import LongLagTask, adding, temporal_order

ADDING, ORDER = adding(100), temporal_order(2)
ADDING_NET, ORDER_NET = Net("lstm", 32, 3e-3), Net("lstm", 16, 5e-3)
REBER_NET = Net("lstm", 16, 5e-3)
#: Sequences within which a task counts as solved, and wrong ones of 2560 that it may leave.
BUDGETS = {"adding": (150_000, 10), "order": (60_000, 3), "reber": (60_000, 0)}
SEEDS, SHORT = 3, 25_000


def _run(effort: Effort) -> Iterator[Check]:
    seeds = range(1 if effort.short else SEEDS)
    order, allowed = BUDGETS["order"]
    for seed in seeds:
        yield from _solved("temporal order 6a", ORDER, ORDER_NET, order, allowed, seed)
        effort.say(f"order, seed {seed}: done")
    fails = SHORT if effort.short else order
    yield from _unsolved("temporal order 6a", ORDER, ORDER_NET, fails, seeds)
    if effort.short:
        return
    budget, allowed = BUDGETS["adding"]
    for seed in seeds:
        yield from _solved("adding, T = 100", ADDING, ADDING_NET, budget, allowed, seed)
        effort.say(f"adding, seed {seed}: done")
    yield from _unsolved("adding, T = 100", ADDING, ADDING_NET, budget, seeds)
    for seed in seeds:
        shown = learn_reber(REBER_NET, BUDGETS["reber"][0], seed)
        what = f"embedded Reber grammar, seed {seed}: strings until all 512 are right"
        yield at_most(what, math.nan if shown is None else shown, BUDGETS["reber"][0])


def _solved(
    name: str, task: LongLagTask, net: Net, budget: int, allowed: int, seed: int
) -> Iterator[Check]:
    found = learn(task, net, budget, seed)
    number = math.nan if found.presented is None else float(found.presented)
    yield at_most(f"{name}, LSTM with chrono bias, seed {seed}: sequences", number, budget)
    yield at_most(f"{name}, seed {seed}: wrong of {TESTED} new ones", found.wrong, allowed)


def _unsolved(name: str, task: LongLagTask, net: Net, budget: int, seeds: range) -> Iterator[Check]:
    """What the claim is: the plain unit and a forget bias of one do not get there."""
    size, rate, beginning = net.hidden_size, net.learning_rate, BackboneOptions(memory="open")
    rivals = {
        "LSTM with forget bias 1": Net("lstm", size, rate, beginning),
        "tanh": Net("tanh", 2 * size, rate),
    }
    for rival, made in rivals.items():
        found = [learn(task, made, budget, seed) for seed in seeds]
        solved = sum(one.presented is not None for one in found)
        yield at_most(f"{name}, {rival}: seeds solved within {budget:,}", solved, 0)
        least = min(one.wrong for one in found)
        yield at_least(f"{name}, {rival}: least wrong of {TESTED} new ones", least, 100)


PROOF = Proof(
    "long_lag",
    "Hochreiter and Schmidhuber 1997; Tallec and Ollivier 2018",
    "An LSTM whose gates begin for the length of the window (chrono initialisation, the default) "
    "carries a value over a hundred steps, which a plain unit and a forget bias of one do not.",
    _run,
)
