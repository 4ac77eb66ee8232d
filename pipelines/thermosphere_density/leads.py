"""Error by lead on the same days: what the lead costs, apart from which days it falls on.

In consecutive windows the days of a great storm have one lead each, so error by day of the
window mixes the two. Here every day is forecast from each of the starts before it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from models.contract import FloatArray
from models.emulators.emulator import DensityEmulator
from models.rollouts import Rollouts
from pipelines.thermosphere_density.fields import Fields
from pipelines.thermosphere_density.results_rows import Row
from pipelines.thermosphere_density.scoring import CELL_STEP, percentage_errors

HOURS_A_DAY = 24


def lead_errors(
    name: str, emulator: DensityEmulator, shifted: list[Rollouts], fields: Fields
) -> pl.DataFrame:
    """Absolute percentage errors of one model: `model`, `day`, `lead` (days, from 1), `mape`.

    shifted  windows that begin one day later each, as many sets as a window has days

    Errors are over every CELL_STEP-th cell; a day of fewer than 24 hours has no row.
    """
    parts = [_errors(emulator, rollouts, fields) for rollouts in shifted]
    table = pl.concat(parts).group_by("day", "lead").agg(pl.col("mape").mean(), pl.len())
    whole = table.filter(pl.col("len") == HOURS_A_DAY).drop("len").sort("day", "lead")
    return whole.select(pl.lit(name).alias("model"), "day", "lead", "mape")


def same_day_rows(leads: pl.DataFrame, ranks: dict[str, int]) -> list[Row]:
    """MAPE per model and day of lead, over the days that have every lead.

    Rows of `model`, `r`, `lead` (days), `mape` (%), `days` (how many).
    """
    every = leads["lead"].n_unique()
    days = leads.group_by("model", "day").len().filter(pl.col("len") == every)
    means = (
        leads.join(days.select("model", "day"), on=["model", "day"])
        .group_by("model", "lead")
        .agg(pl.col("mape").mean(), pl.len().alias("days"))
        .sort("lead")
    )
    return [
        {"model": model, "r": rank, **row}
        for model, rank in ranks.items()
        for row in means.filter(model=model).drop("model").iter_rows(named=True)
    ]


def _errors(emulator: DensityEmulator, rollouts: Rollouts, fields: Fields) -> pl.DataFrame:
    """A row per hour ahead: its day, its lead in days, its mean error over some cells."""
    components = emulator.components
    basis, mean = components.basis[::CELL_STEP], components.mean[::CELL_STEP]
    states = emulator.ensemble.predict(rollouts).mean
    tables = []
    for state, hours in zip(states, rollouts.hours_ahead, strict=True):
        times = fields.times[hours]
        truth = fields.read(times[0], times[-1]).reshape(len(hours), -1)[:, ::CELL_STEP]
        error: FloatArray = truth - (state @ basis.T + mean)
        lead = np.arange(len(hours)) // HOURS_A_DAY + 1
        mape = percentage_errors(error).mean(axis=1, dtype=np.float64)
        day = times.astype("datetime64[D]")
        tables.append(pl.DataFrame({"day": day, "lead": lead, "mape": mape}))
    return pl.concat(tables)
