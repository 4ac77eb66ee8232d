"""Has anything drifted since the champion was trained: space weather, its forecasts, what became
of them? One report, whose tests share the chance of a false alarm."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.emulators.cells import cell_distribution
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from pipelines.monitoring.drift import driver_drift, forecast_drift, outcome_drift
from pipelines.retraining.density_fits import Champion
from pipelines.retraining.drift_parts import MADE, TOLD, Parts, joined
from pipelines.retraining.folder import Result

#: Spans of the newest months' length whose forecasts are looked at.
SPANS = 10
#: Cells and hours between two that are looked at: they share no factor with a grid or a day.
CELL_STEP, HOUR_STEP = 97, 7
_LN10 = float(np.log(10.0))


def drift_of(
    drivers: Drivers,
    champion: Champion | None,
    recent: int,
    made: pl.DataFrame | None = None,
    told: pl.DataFrame | None = None,
) -> Result:
    """Report on the newest months against those before, as JSON.

    made   scores by hour of the champion's forecasts of the fields since its training
    told   outcomes of forecasts that it made in use (see OutcomeStore.errors)
    """
    limits = None if champion is None else champion.emulator.limits
    parts: Parts = {"space weather": lambda how: driver_drift(drivers, recent, limits, how)}
    if champion is not None:
        emulator = champion.emulator
        parts["forecasts"] = lambda how: forecast_drift(
            forecasts(drivers, emulator, recent), recent, how
        )
    if made is not None and made.height:
        own = outcomes(made)
        parts[MADE] = lambda how: outcome_drift(own, recent, how, kind=MADE)
    if told is not None and told.height:
        used = told
        parts[TOLD] = lambda how: outcome_drift(used, recent, how, kind=TOLD)
    return joined(parts)


def forecasts(drivers: Drivers, emulator: DensityEmulator, recent: int) -> pl.DataFrame:
    """What the champion says of the newest months, as it does in use, from space weather alone:
    origin, and mean, lower_90 and upper_90 of the logarithm of density, over all of the grid.

    Raises ModelError where the drivers are shorter than its look-back.
    """
    last = drivers.times[-1]
    month = last.astype("datetime64[M]") - SPANS * recent + 1
    known = drivers.times[0] + np.timedelta64(emulator.lookback, "h")
    path = emulator.path(drivers, max(month.astype("datetime64[h]"), known), last)
    some = slice(None, None, HOUR_STEP)
    mean, std = cell_distribution(
        emulator.components,
        path.mean[some],
        path.covariance[some],
        path.left_out[some],
        np.arange(0, emulator.grid.cells, CELL_STEP),
    )
    low, high = emulator.shape.at([0.05, 0.95])
    centre, width = (_LN10 * values.mean(axis=1).astype(np.float64) for values in (mean, std))
    return pl.DataFrame(
        {
            "origin": path.times[some].astype("datetime64[us]"),
            "mean": centre,
            "lower_90": centre + low * width,
            "upper_90": centre + high * width,
        }
    )


def outcomes(hours: pl.DataFrame) -> pl.DataFrame:
    """Scores by hour as outcomes: period, error (of the mean logarithm, per cent), inside (share
    of the cells whose 90 % interval held)."""
    sums = hours.group_by("hour").agg(pl.col("signed", "cells", "inside_90", "scored").sum())
    off = -_LN10 * pl.col("signed") / pl.col("cells")
    return sums.sort("hour").select(
        pl.col("hour").dt.strftime("%Y-%m-%dT%H").alias("period"),
        (100.0 * (off.exp() - 1.0)).alias("error"),
        (pl.col("inside_90") / pl.col("scored")).alias("inside"),
    )
