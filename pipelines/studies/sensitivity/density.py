"""A question about density at one place in the days after one epoch.

Moved are the drivers as the emulator reads them, each column in every three hours, and the
known state of the hours before the epoch, where the forecast starts from one. Columns that
overlap in the world, such as ap now and ap three hours before, are inputs of their own here;
bundles move all that is made from F10.7, or from Kp, together. What lies before the start and
what lies ahead are told apart, since a known state makes up for drivers before it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.diagnostics.network_slopes import rollout_slopes
from models.diagnostics.sensitivity import Question
from models.emulators.drivers import COLUMNS
from models.emulators.features import features
from models.forecasters.rollout import NetworkRollout
from pipelines.studies.sensitivity.density_layout import (
    AHEAD,
    BEFORE,
    STATE,
    DensityCase,
    Layout,
    Place,
)

FLUX = tuple(name for name in COLUMNS if name.startswith("f107"))
ACTIVITY = tuple(name for name in COLUMNS if name not in FLUX)


def density_inputs(case: DensityCase) -> Question:
    """log10 of density at the place, for every lead, as a function of drivers and past state.

    Raises ModelError for a place outside the emulator's heights and latitudes.
    """
    place = Place.of(case)
    layout = Layout.of(case)

    def answer(rows: FloatArray) -> FloatArray:
        mean = case.emulator.ensemble.mean(layout.rollouts(rows))
        return place.log_density(mean)

    bundles = {
        f"{name} {when}, all": tuple(f"{column} {when}" for column in columns)
        for name, columns in (("solar flux", FLUX), ("geomagnetic activity", ACTIVITY))
        for when in (AHEAD, BEFORE)
    }
    if case.past is not None:
        names = [name for name in layout.inputs.groups if name.startswith(STATE)]
        bundles["state before, all"] = tuple(names)
    return Question(layout.inputs, case.names, answer, _slope(case, layout, place), bundles)


def _slope(case: DensityCase, layout: Layout, place: Place) -> FloatArray | None:
    """Lead × input, through networks and features; None where a member is no plain network."""
    rollouts = layout.rollouts(layout.inputs.value[None])
    weights = place.spread_over(case.hours)
    found = []
    for _, member in case.emulator.ensemble.members:
        if not isinstance(member, NetworkRollout):
            return None
        slopes = rollout_slopes(member, rollouts, weights)
        if slopes is None:
            return None
        found.append(slopes)
    by_feature, by_state = (np.mean(part, axis=0) for part in zip(*found, strict=True))
    by_column = np.einsum("lhf,chf->lch", by_feature, _feature_slopes(case))
    parts = [_by_block(by_column, layout.block)]
    if case.past is not None:
        lookback = case.emulator.lookback
        parts.append(_by_block(by_state.swapaxes(1, 2), layout.block[:lookback]))
    return np.concatenate(parts, axis=1)


def _feature_slopes(case: DensityCase) -> FloatArray:
    """Slope of each feature at each driver, column × hour × feature: features of an hour are
    made from its drivers alone."""
    made = []
    for place in range(len(COLUMNS)):
        step = np.zeros(case.drivers.values.shape)
        # Features are logarithms and powers of the drivers: a step is a share of what it moves.
        step[:, place] = 0.01 * (1.0 + np.abs(case.drivers.values[:, place]))
        above, below = (
            features(replace(case.drivers, values=values), case.emulator.feature_set)
            for values in (case.drivers.values + step, case.drivers.values - step)
        )
        made.append((above.astype(np.float64) - below) / (2 * step[:, [place]]))
    return np.stack(made)


def _by_block(slopes: FloatArray, block: npt.NDArray[np.int64]) -> FloatArray:
    """Sum over the hours of a block: lead × name × hour -> lead × (name · block)."""
    total = np.zeros((*slopes.shape[:2], int(block[-1]) + 1))
    for hour, place in enumerate(block):
        total[..., place] += slopes[..., hour]
    return total.reshape(len(slopes), -1)
