"""What matters in the training of an LSTM: the learning rate, and momentum only where the
learning rate is not corrected for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.variants.analysis import searched_of
from pipelines.studies.variants.search import LABELS, drawn, run_trial
from pipelines.studies.variants.tasks import find_tasks
from pipelines.tuning.importance import importances

TASK, VARIANT, TRIALS = "mackey_glass", "lstm", 50
#: Trials of an earlier full run, which the short form only looks at.
FIXTURE = "variants_importance.json"
Trials = Sequence[Mapping[str, Any]]


def made_trials(effort: Effort) -> dict[str, Trials]:
    """Fifty random trials with the learning rate multiplied by (1 - momentum), and fifty
    without: the same points."""
    task = find_tasks([TASK])[0]
    found: dict[str, Trials] = {}
    for name, rescaled in (("rescaled", True), ("plain", False)):
        trials = []
        for number in range(TRIALS):
            trials.append(run_trial(task, VARIANT, drawn(TASK, number, rescaled=rescaled)))
            if number % 10 == 9:
                effort.say(f"{name}: {number + 1} of {TRIALS} trials")
        found[name] = trials
    return found


def kept_trials() -> dict[str, Trials]:
    """Those that the package holds."""
    text = files("pipelines.studies.proofs").joinpath(FIXTURE).read_text("utf-8")
    found: dict[str, Trials] = json.loads(text)
    return found


def _run(effort: Effort) -> Iterator[Check]:
    trials = kept_trials() if effort.short else made_trials(effort)
    shares = {
        name: {
            LABELS[parameter]: share
            for parameter, share in importances(searched_of(part, logarithm=False)).items()
        }
        for name, part in trials.items()
    }
    rescaled, plain = shares["rescaled"], shares["plain"]
    yield at_least("share of the learning rate", rescaled["learning rate"], 0.67)
    yield at_most("share of momentum, learning rate rescaled", rescaled["momentum"], 0.01)
    ratio = plain["momentum"] / max(rescaled["momentum"], 1e-6)
    yield at_least("share of momentum without rescaling, times that with it", ratio, 5.0)
    for name in ("hidden size", "input noise"):
        yield told(f"share of {name}", rescaled[name], "small")
    yield told("share of momentum without rescaling", plain["momentum"], "about 0.06")


PROOF = Proof(
    "variants_importance",
    "Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber 2017",
    "Of the four parameters of an LSTM's training the learning rate explains two thirds of the "
    "loss's variance, and momentum nothing once the learning rate is multiplied by 1 - momentum.",
    _run,
)
