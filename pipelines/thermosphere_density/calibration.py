"""Width and shape of the distribution of density, from its errors on validation fields."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray, IntArray
from models.emulators.activity_width import ActivityWidth, activity
from models.emulators.cells import cell_distribution
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.log_density import Shape
from models.rollouts import Rollouts
from pipelines.thermosphere_density.fields import Fields

#: Cells and validation rollouts that are looked at.
CELLS, ROLLOUTS = 500, 120


def calibrated(
    emulator: DensityEmulator, fields: Fields, drivers: Drivers, valid: Rollouts, seed: int
) -> DensityEmulator:
    """The emulator with the width by activity and the shape that its errors have.

    drivers  of the hours that the rollouts are over; starts known and unknown count alike
    """
    rows = valid.select(np.unique(np.linspace(0, len(valid) - 1, ROLLOUTS).astype(int)))
    count = min(CELLS, fields.grid.cells)
    cells = np.random.default_rng(seed).choice(fields.grid.cells, count, replace=False)
    truth = np.concatenate([_ahead(fields, rows, row, cells) for row in range(len(rows))])
    errors = _standardised(emulator, rows, drivers, truth, cells)
    hours = np.tile(rows.hours_ahead.ravel(), 2)
    width = ActivityWidth.fit(np.mean(errors**2, axis=1), activity(drivers)[hours])
    factor = width.factor(drivers)[hours]
    return emulator.calibrated(width, Shape.of_errors((errors / np.sqrt(factor)[:, None]).ravel()))


def _standardised(
    emulator: DensityEmulator, rows: Rollouts, drivers: Drivers, truth: FloatArray, cells: IntArray
) -> FloatArray:
    """Errors over their spread, hour × cell: all rollouts from known starts, then from none."""
    rank = emulator.components.rank
    errors = []
    for known in (True, False):
        forecast, left_out = emulator.predict(rows.with_known(known), drivers)
        mean, std = cell_distribution(
            emulator.components,
            forecast.mean.reshape(-1, rank),
            forecast.covariance.reshape(-1, rank, rank),
            left_out.ravel(),
            cells,
        )
        errors.append((truth - mean) / std)
    return np.concatenate(errors)


def _ahead(fields: Fields, rollouts: Rollouts, row: int, cells: IntArray) -> FloatArray:
    """Fields of the hours ahead of one rollout at some cells, hour × cell."""
    hours = rollouts.hours_ahead[row]
    first, last = fields.times[hours[0]], fields.times[hours[-1]]
    return np.asarray(fields.read(first, last).reshape(len(hours), -1)[:, cells])
