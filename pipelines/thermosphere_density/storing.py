"""Train the emulator that is served, score it on hours that it did not see, store it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.settings import DensityConfig
from models.emulators.storage import to_state
from models.rollouts import Rollouts
from pipelines.registry import THERMOSPHERE_DENSITY, StoredModel, save_model
from pipelines.thermosphere_density.backtest import score_rollouts
from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.fields import Fields, ReducedSeries, reduce_fields
from pipelines.thermosphere_density.results_rows import segment_rows
from pipelines.thermosphere_density.splits import (
    VALID_STEP,
    Split,
    consecutive_rollouts,
    rollouts_within,
    split_hours,
)
from pipelines.thermosphere_density.training import Progress, assemble, train_ensemble
from pipelines.warm_up_density import DensitySample

#: Scores that are kept of each segment.
_KEPT = ("mape", "nlpd", "crps", "calibration_error_score", "coverage_90")


def train_density(
    fields: Fields,
    drivers: Drivers,
    config: DensityConfig,
    jobs: int = 1,
    progress: Progress | None = None,
) -> StoredModel:
    """Train on all years but those held out and store a new version; the champion stays.

    Its stored scores are those of the years held out, or of the months that calibrate it
    where no held-out hour is among the fields.
    """
    split = split_hours(drivers.times, config.held_out)
    series = reduce_fields(fields, drivers, split.train, config)
    ensemble = train_ensemble(series, split, config, jobs=jobs, progress=progress)
    emulator = assemble(fields, series, split, ensemble, config)
    return save_model(
        THERMOSPHERE_DENSITY,
        to_state(emulator),
        DensitySample.record(emulator, drivers).to_json(),
        metrics=unseen_scores(emulator, fields, series, split, config),
        config=asdict(config),
        data={
            "hash": fields.data_hash,
            "first": str(fields.times[0]),
            "last": str(fields.times[-1]),
            "label": fields.label,
            "hours": len(fields.times),
        },
        seed=config.seed,
    )


def unseen_scores(
    emulator: DensityEmulator,
    fields: Fields,
    series: ReducedSeries,
    split: Split,
    config: DensityConfig,
) -> dict[str, Any]:
    """Scores of open-loop windows by segment, and on which hours they are."""
    inputs = features(series.drivers, config.feature_set)
    held_out = bool(split.held_out.any())
    rollouts: Rollouts
    if held_out:
        rollouts = consecutive_rollouts(split.held_out, inputs, series.state, config)
    else:
        every = max(config.horizon // VALID_STEP, 1) * VALID_STEP
        rollouts = rollouts_within(split.valid, inputs, series.state, config, step=every)
    heights = fields.grid.height
    hours = score_rollouts(
        EMULATOR,
        emulator,
        rollouts,
        emulator.predict(rollouts, series.drivers),
        fields,
        series.drivers,
        (heights[0], heights[-1]),
    )
    years = sorted(set(config.held_out) & set(hours["hour"].dt.year().to_list()))
    return {
        "judged_on": years if held_out else "calibration months",
        "windows": len(rollouts),
        "components": emulator.components.rank,
        "segments": {
            row["segment"]: {key: round(row[key], 6) for key in _KEPT}
            for row in segment_rows(hours, {EMULATOR: emulator.components.rank})
            if row["segment"] not in hours["band"].unique().to_list()
        },
    }


_KEPT = ("mape", "nlpd", "crps", "calibration_error_score", "coverage_90")
