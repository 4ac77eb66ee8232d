"""Gated and plain recurrent units of equal size on chorales."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipelines.studies.fitting import Fitting
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.tasks.chorale_model import chorale_error
from pipelines.studies.tasks.jsb_chorales import load_chorales

#: Unit -> backbone, the hidden size that Chung et al. matched, and their test error.
UNITS = {
    "GRU": ("gru", 46, 8.54),
    "LSTM": ("lstm", 36, 8.67),
    "tanh": ("tanh", 100, 9.10),
}
RATE, EPOCHS, SEEDS = 3e-3, 200, 3
SHORT_RATE, SHORT_EPOCHS = 1e-2, 8


def _run(effort: Effort) -> Iterator[Check]:
    data, errors = load_chorales(), dict[str, float]()
    rate, epochs, seeds = RATE, EPOCHS, SEEDS
    if effort.short:
        rate, epochs, seeds = SHORT_RATE, SHORT_EPOCHS, 1
    for unit, (backbone, size, _) in UNITS.items():
        found = []
        for seed in range(seeds):
            how = Fitting(rate, epochs, seed=seed)
            found.append(chorale_error(backbone, size, how, data)[1])
            effort.say(f"{unit}, seed {seed}: {found[-1]:.3f}")
        errors[unit] = float(np.mean(found))
    what = f"test error of {{}}, nats per step, mean of {seeds} seed{'s' if seeds > 1 else ''}"
    limits = {"GRU": 8.8, "LSTM": 9.0} if effort.short else {"GRU": 8.60, "LSTM": 8.65}
    for unit, limit in limits.items():
        yield at_most(what.format(unit), errors[unit], limit)
    yield told(what.format("tanh"), errors["tanh"], "9.10 in the paper")
    yield at_least("LSTM minus GRU, nats", errors["LSTM"] - errors["GRU"], 0.0)
    yield at_least("tanh minus GRU, nats", errors["tanh"] - errors["GRU"], 0.0)


PROOF = Proof(
    "gated_units",
    "Chung, Gulcehre, Cho and Bengio 2014",
    "At equal parameters the GRU forecasts chorales better than the LSTM and the plain unit, with "
    "the likelihood of the paper.",
    _run,
    (
        "the whole distance of the plain unit, 0.56 nat in the paper: with Adam it is closer here; "
        "a task with long lags tells them apart.",
    ),
)
