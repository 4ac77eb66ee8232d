"""Train the emulator that is served, score it on hours that it did not see, store it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from models.contract import State
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.settings import DensityConfig
from models.emulators.storage import from_state, to_state
from models.errors import ArtefactError
from models.rollouts import Rollouts
from pipelines.registry import THERMOSPHERE_DENSITY, StoredModel, save_model
from pipelines.selection import with_selection
from pipelines.thermosphere_density.backtest import score_rollouts
from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.fields import Fields, ReducedSeries, reduce_fields
from pipelines.thermosphere_density.network_errors import mape_by_seed
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

#: Part of a stored emulator that holds the linear one, and the components of that.
BASELINE, LINEAR_RANK = "dmdc", 10


def train_density(
    fields: Fields,
    drivers: Drivers,
    config: DensityConfig,
    jobs: int = 1,
    progress: Progress | None = None,
    selection: Mapping[str, Any] | None = None,
) -> StoredModel:
    """Train on all years but those held out and store a new version; the champion stays.

    Its stored scores are those of the years held out, or of the months that calibrate it
    where no held-out hour is among the fields.

    selection  how the settings were chosen, stored with the metrics
    """
    split = split_hours(drivers.times, config.held_out)
    series = reduce_fields(fields, drivers, split.train, config)
    ensemble = train_ensemble(series, split, config, jobs=jobs, progress=progress)
    emulator = assemble(fields, series, split, ensemble, config)
    metrics = unseen_scores(emulator, fields, series, split, config)
    state = with_baseline(to_state(emulator), to_state(linear_of(fields, series, split, config)))
    return store_emulator(state, fields, drivers, config, with_selection(metrics, selection))


def store_emulator(
    state: State,
    fields: Fields,
    drivers: Drivers,
    config: DensityConfig,
    metrics: Mapping[str, Any],
    **lineage: str | None,
) -> StoredModel:
    """Save an emulator fitted on all fields, with a sample of densities that servers repeat.

    state     of the emulator, with its baseline
    lineage   parent, study and run, as `save_model` takes them
    """
    return save_model(
        THERMOSPHERE_DENSITY,
        state,
        DensitySample.record(from_state(state), drivers).to_json(),
        metrics=metrics,
        config=asdict(config),
        data=describe_fields(fields),
        seed=config.seed,
        **lineage,
    )


def describe_fields(fields: Fields) -> dict[str, Any]:
    """What tells these fields from others."""
    return {
        "hash": fields.data_hash,
        "first": str(fields.times[0]),
        "last": str(fields.times[-1]),
        "label": fields.label,
        "hours": len(fields.times),
    }


def with_baseline(emulator: State, linear: State) -> State:
    """The stored form of an emulator, with the linear one that it is compared with in orbits."""
    return replace(emulator, parts={**emulator.parts, BASELINE: linear})


def baseline_of(stored: State) -> DensityEmulator:
    """The linear emulator that was stored with one. Raises ArtefactError without any."""
    if BASELINE not in stored.parts:
        raise ArtefactError("this emulator was stored without linear dynamics; train it again")
    return from_state(stored.parts[BASELINE])


def linear_of(
    fields: Fields, series: ReducedSeries, split: Split, config: DensityConfig
) -> DensityEmulator:
    """The published linear model on the same fields: DMDc with the six plain drivers."""
    few = series.truncated(min(LINEAR_RANK, series.components.rank))
    alone = config.on_components()
    plain = replace(alone, cells=("dmdc",), members=1, feature_set="dmdc")
    return assemble(fields, few, split, train_ensemble(few, split, plain), plain)


def unseen_scores(
    emulator: DensityEmulator,
    fields: Fields,
    series: ReducedSeries,
    split: Split,
    config: DensityConfig,
) -> dict[str, Any]:
    """Scores of open-loop windows by segment, of each network alone, and on which hours."""
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
        "mape_by_seed": mape_by_seed(emulator, rollouts, fields, series.drivers.times),
        "segments": {
            row["segment"]: {key: round(row[key], 6) for key in _KEPT}
            for row in segment_rows(hours, {EMULATOR: emulator.components.rank})
            if row["segment"] not in hours["band"].unique().to_list()
        },
    }


_KEPT = ("mape", "nlpd", "crps", "calibration_error_score", "coverage_90")
