"""What matters in the training of an LSTM: the learning rate, and momentum only where the
learning rate is not corrected for it.

The trials in `kept/trials` are made by

    halyard study variants --task mackey_glass --variant lstm --trials 50 --out FOLDER
    halyard study variants --task mackey_glass --variant lstm --trials 50 --out FOLDER --plain

and are files of FOLDER/trials. The short form looks at them; the full form makes them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import as_file, files
from typing import Any

from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.variants.analysis import searched_of, shares_of, together
from pipelines.studies.variants.crew import results_of
from pipelines.studies.variants.kept import Design, read_trials, trials_file
from pipelines.studies.variants.trials import Job, run_job

TASK, VARIANT, TRIALS = "mackey_glass", "lstm", 50
#: Name -> whether the learning rate is multiplied by (1 - momentum).
FORMS = {"rescaled": True, "plain": False}
Trials = Sequence[Mapping[str, Any]]


def made_trials(effort: Effort, count: int = TRIALS) -> dict[str, Trials]:
    """So many random trials with the learning rate multiplied by (1 - momentum), and as many
    without: the same points."""
    found: dict[str, Trials] = {}
    for form, rescaled in FORMS.items():
        jobs: list[Job] = [(TASK, VARIANT, n, Design(rescaled=rescaled)) for n in range(count)]
        trials = []
        for number, (_, trial) in enumerate(results_of(run_job, jobs, workers=1), start=1):
            trials.append(trial)
            if number % 10 == 0:
                effort.say(f"{form}: {number} of {count} trials")
        found[form] = trials
    return found


def kept_trials() -> dict[str, Trials]:
    """Those that the package holds."""
    with as_file(files("pipelines.studies.proofs") / "kept") as folder:
        return {
            form: list(read_trials(trials_file(folder, TASK, VARIANT, rescaled=yes)).values())
            for form, yes in FORMS.items()
        }


def farthest(one: Mapping[str, Trials], other: Mapping[str, Trials]) -> float:
    """Largest difference of a validation loss between two makings of the same trials."""
    return max(
        abs(float(a["valid"]) - float(b["valid"]))
        for form in one
        for a, b in zip(one[form], other[form], strict=True)
    )


def _run(effort: Effort) -> Iterator[Check]:
    kept = kept_trials()
    trials = kept if effort.short else made_trials(effort)
    shares = {form: shares_of(searched_of(part)) for form, part in trials.items()}
    rescaled, plain = shares["rescaled"], shares["plain"]
    yield at_least("share of the learning rate", rescaled["learning rate"], 0.67)
    yield at_most("share of momentum, learning rate rescaled", rescaled["momentum"], 0.01)
    ratio = plain["momentum"] / max(rescaled["momentum"], 1e-6)
    yield at_least("share of momentum without rescaling, times that with it", ratio, 5.0)
    for name in ("hidden size", "input noise"):
        yield told(f"share of {name}", rescaled[name], "small")
    yield told("share of several together", together(rescaled), "small")
    yield told("share of momentum without rescaling", plain["momentum"], "about 0.06")
    if not effort.short:
        gap = farthest(trials, kept)
        yield told("largest difference of a loss from the kept trials", gap, "0 on one machine")


PROOF = Proof(
    "variants_importance",
    "Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber 2017",
    "Of the four parameters of an LSTM's training the learning rate explains two thirds of the "
    "loss's variance, and momentum nothing once the learning rate is multiplied by 1 - momentum.",
    _run,
)
