"""What single changes do to the LSTM, on chorales."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.cells.peephole_lstm import VARIANTS
from pipelines.studies.fitting import Fitting
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.tasks.chorale_model import chorale_error
from pipelines.studies.tasks.jsb_chorales import load_chorales

VANILLA = "peephole_lstm"
BLOCKS, RATE, EPOCHS, SEEDS = 32, 3e-3, 60, 3
SHORT_RATE, SHORT_EPOCHS = 1e-2, 8
#: Variants that hurt and those that do not, by so many nats.
WORSE = {"nfg": 0.05, "fgr": 0.0}
SAME, CLOSE = ("cifg", "np"), 0.08
#: Of the short form, one seed and a tenth of the passes: what hurts is seen in its size only.
SHORT_CLOSE = 0.35


def _run(effort: Effort) -> Iterator[Check]:
    data, errors = load_chorales(), dict[str, float]()
    wanted = [VANILLA, *(f"{VANILLA}_{name}" for name in (*WORSE, *SAME))]
    for name in wanted if effort.short else VARIANTS:
        found = []
        for seed in range(1 if effort.short else SEEDS):
            how = Fitting(RATE, EPOCHS, patience=EPOCHS, seed=seed)
            if effort.short:
                how = Fitting(SHORT_RATE, SHORT_EPOCHS, patience=EPOCHS, seed=seed)
            found.append(chorale_error(name, BLOCKS, how, data)[1])
            effort.say(f"{name}, seed {seed}: {found[-1]:.3f}")
        errors[name] = float(np.mean(found))
    yield from _checks(errors, short=effort.short)


def _checks(errors: dict[str, float], *, short: bool) -> Iterator[Check]:
    vanilla = errors[VANILLA]
    yield told(f"test error of {VANILLA}, nats per step", vanilla, "about 8.72")
    for variant in WORSE:
        gap = errors[f"{VANILLA}_{variant}"] - vanilla
        limit = 0.0 if short else WORSE[variant]
        yield at_least(f"{variant.upper()} minus vanilla, nats", gap, limit)
    for variant in SAME:
        gap = abs(errors[f"{VANILLA}_{variant}"] - vanilla)
        limit = SHORT_CLOSE if short else CLOSE
        yield at_most(f"{variant.upper()} from vanilla, nats", gap, limit)
    for name in errors:
        variant = name.removeprefix(f"{VANILLA}_")
        if variant not in (VANILLA, *WORSE, *SAME):
            yield told(
                f"{variant.upper()} minus vanilla, nats", errors[name] - vanilla, "not asserted"
            )


PROOF = Proof(
    "lstm_variants",
    "Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber 2017",
    "Without a forget gate an LSTM is worse on chorales, with full gate recurrence no better; "
    "coupled gates and no peepholes cost nothing.",
    _run,
    ("full gate recurrence (FGR) worse by 0.05 nat or more: here it is worse by about 0.04.",),
)
