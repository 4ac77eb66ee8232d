"""Open-loop windows of two emulators over the same hours, and their daily losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.settings import DensityConfig
from models.rollouts import Rollouts
from pipelines.retraining.density_fields import span
from pipelines.retraining.domain import CHALLENGER, CHAMPION, LossSeries, UnfitError
from pipelines.thermosphere_density.backtest import score_rollouts
from pipelines.thermosphere_density.fields import Fields, project_fields
from pipelines.thermosphere_density.results_rows import ALL, HOURS_A_DAY, segment_rows
from pipelines.thermosphere_density.scoring import CLASSES
from pipelines.thermosphere_density.splits import consecutive_rollouts
from pipelines.thermosphere_density.verdict_tests import daily_losses

#: Scores of a segment that are kept.
KEPT = ("mape", "crps", "nlpd", "coverage_90")
#: Hours of storms: a challenger that is better on quiet days only must not lose them.
STORMS = CLASSES[-1]


def windows_of(
    emulator: DensityEmulator,
    fields: Fields,
    drivers: Drivers,
    first: np.datetime64,
    lookback: int,
    config: DensityConfig,
) -> tuple[Rollouts, Drivers]:
    """Windows from `first` to the end of the fields, on the emulator's own components.

    lookback   hours before `first` that are read: the same for all that are compared
    """
    begin = first - np.timedelta64(lookback, "h")
    fields, drivers = span(fields, drivers, begin, fields.times[-1])
    series = project_fields(fields, drivers, emulator.components)
    judged = np.asarray(drivers.times >= first)
    inputs = features(drivers, emulator.feature_set)
    return consecutive_rollouts(judged, inputs, series.state, config), drivers


def hourly_scores(
    name: str, emulator: DensityEmulator, rollouts: Rollouts, drivers: Drivers, fields: Fields
) -> pl.DataFrame:
    """Sums of scores by hour (see `score_rollouts`). Raises UnfitError for what is no number."""
    predicted = emulator.predict(rollouts, drivers)
    if not np.isfinite(predicted[0].mean).all():
        raise UnfitError(f"the {name} forecasts no numbers")
    height = fields.grid.height
    edges = (height[0], height[-1])
    return score_rollouts(name, emulator, rollouts, predicted, fields, drivers, edges)


def losses_and_scores(
    hours: pl.DataFrame, loss: str
) -> tuple[tuple[LossSeries, ...], dict[str, dict[str, dict[str, float]]]]:
    """Daily losses of both, over all hours and (as a guard) in storms; scores by side."""
    names = hours["model"].unique(maintain_order=True).to_list()
    daily = {name: daily_losses(hours, name) for name in names}
    lags = -(-int(str(hours["lead"].max())) // HOURS_A_DAY) - 1
    found = [
        _series(segment, daily, loss, lags)
        for segment in (ALL, STORMS)
        if len(daily[CHALLENGER][segment])
    ]
    rows = segment_rows(hours, dict.fromkeys(names, 0))
    scores: dict[str, dict[str, dict[str, float]]] = {name: {} for name in names}
    for row in rows:
        if row["segment"] in (ALL, STORMS):
            scores[row["model"]][row["segment"]] = {name: float(row[name]) for name in KEPT}
    return tuple(found), scores


def registry_segments(hours: pl.DataFrame) -> dict[str, dict[str, float]]:
    """The challenger's scores by segment, under the names that training gives them."""
    names = ("mape", "nlpd", "crps", "calibration_error_score", "coverage_90")
    bands = set(hours["band"].unique().to_list())
    return {
        row["segment"]: {name: round(float(row[name]), 6) for name in names}
        for row in segment_rows(hours, {CHALLENGER: 0})
        if row["segment"] not in bands
    }


def _series(
    segment: str, daily: Mapping[str, Mapping[str, pl.DataFrame]], loss: str, lags: int
) -> LossSeries:
    rival = CHAMPION if CHAMPION in daily else CHALLENGER
    sides = {side: daily[side][segment].select("day", loss) for side in (rival, CHALLENGER)}
    both = sides[rival].join(sides[CHALLENGER], on="day", suffix="_c", maintain_order="left")
    days = tuple(str(day) for day in both["day"].to_list())
    own: Any = both[loss].to_numpy()
    other: FloatArray = np.asarray(both[f"{loss}_c"].to_numpy())
    return LossSeries(segment, days, lags, np.asarray(own), other, guard=segment != ALL)
