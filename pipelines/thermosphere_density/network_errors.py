"""How much of a score is the seed's: the error of each network of an ensemble alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.emulators.emulator import DensityEmulator
from models.rollouts import Rollouts
from pipelines.thermosphere_density.fields import Fields, HourArray
from pipelines.thermosphere_density.scoring import percentage_errors


def mape_by_seed(
    emulator: DensityEmulator, rollouts: Rollouts, fields: Fields, times: HourArray
) -> dict[str, dict[str, Any]]:
    """By kind of network: "mape" of density in per cent, of each network alone in the order of
    their seeds, over all hours of the rollouts and all cells, and the standard "deviation".

    times  of the hours that the rollouts are over
    """
    means = {name: one.predict(rollouts).mean for name, one in emulator.ensemble.members}
    basis, centre = emulator.components.basis.T, emulator.components.mean
    errors: dict[str, list[float]] = {name: [] for name in means}
    for window in range(len(rollouts)):
        hours = times[rollouts.hours_ahead[window]]
        truth = fields.read(hours[0], hours[-1]).reshape(len(hours), -1)
        for name, mean in means.items():
            error = truth - centre - mean[window] @ basis
            errors[name].append(float(percentage_errors(error).mean()))
    by_kind: dict[str, list[float]] = {}
    for name, found in errors.items():
        # Members are called after their kind and their seed, as in lstm_0.
        by_kind.setdefault(name.rpartition("_")[0], []).append(float(np.mean(found)))
    return {
        kind: {
            "mape": [round(one, 6) for one in found],
            "deviation": round(float(np.std(found)), 6),
        }
        for kind, found in by_kind.items()
    }
