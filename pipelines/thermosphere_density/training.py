"""Train a density emulator on stored fields, learn its errors, put it into the registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.contract import State
from models.emulators.catalogue import build, restore
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.log_density import Shape
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.emulators.settings import DensityConfig
from models.forecasters.coding_settings import CodingConfig
from models.forecasters.settings import RolloutConfig
from models.rollouts import RolloutForecaster, Rollouts
from pipelines.parallel import in_order
from pipelines.thermosphere_density.calibration import calibrated
from pipelines.thermosphere_density.fields import Fields, ReducedSeries, reduce_fields
from pipelines.thermosphere_density.splits import (
    VALID_STEP,
    Split,
    rollouts_within,
    split_hours,
    with_storm_weights,
)

#: The network that tells the size of what the components leave out.
MEMORYLESS_MODEL = "memoryless"

#: Called with (parts done, parts in all).
Progress = Callable[[int, int], None]


def train_emulator(
    fields: Fields,
    drivers: Drivers,
    config: DensityConfig,
    jobs: int = 1,
    progress: Progress | None = None,
) -> DensityEmulator:
    """Reduce the fields, train the ensemble, calibrate it; hours held out are not read."""
    split = split_hours(drivers.times, config.held_out)
    series = reduce_fields(fields, drivers, split.train, config)
    ensemble = train_ensemble(series, split, config, jobs=jobs, progress=progress)
    return assemble(fields, series, split, ensemble, config)


def train_ensemble(
    series: ReducedSeries,
    split: Split,
    config: DensityConfig,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> RolloutEnsemble:
    """Train the members, in `jobs` processes, and learn their errors on validation hours."""
    train, valid = training_rollouts(series, split, config)
    seeds = range(config.seed, config.seed + config.members)
    wanted = [(cell, seed) for seed in seeds for cell in config.cells]
    coding = config.coding
    work = [(cell, config.recurrent, seed, coding, train, valid) for cell, seed in wanted]
    members = []
    for (cell, seed), state in zip(wanted, in_order(_fit_member, work, jobs), strict=True):
        members.append((f"{cell}_{seed}", restore(state)))
        if progress is not None:
            progress(len(members), len(wanted))
    return RolloutEnsemble(members).learn_errors(valid)


def training_rollouts(
    series: ReducedSeries, split: Split, config: DensityConfig
) -> tuple[Rollouts, Rollouts]:
    """Training rollouts, storms weighted, and validation rollouts."""
    inputs = features(series.drivers, config.feature_set)
    train = rollouts_within(split.train, inputs, series.state, config)
    valid = rollouts_within(split.valid, inputs, series.state, config, step=VALID_STEP)
    return with_storm_weights(train, series.drivers.column("kp"), config), valid


def assemble(
    fields: Fields,
    series: ReducedSeries,
    split: Split,
    ensemble: RolloutEnsemble,
    config: DensityConfig,
) -> DensityEmulator:
    """An emulator from its parts, calibrated on validation fields."""
    train, valid = training_rollouts(series, split, config)
    left_out = train_left_out(series, train, valid, config)
    seen = series.drivers.values[split.train]
    emulator = DensityEmulator(
        fields.grid,
        series.components,
        ensemble,
        config.feature_set,
        config.lookback,
        config.horizon,
        np.stack([seen.min(axis=0), seen.max(axis=0)], axis=1),
        Shape(),
        fields.label,
        left_out,
    )
    return calibrated(emulator, fields, series.drivers, valid, config.seed)


def train_left_out(
    series: ReducedSeries, train: Rollouts, valid: Rollouts, config: DensityConfig
) -> RolloutForecaster:
    """A memoryless network from drivers to the size of what the components leave out.

    It is larger at solar maximum and in storms, and the spread of density with it.
    """
    state = series.relative_left_out
    network = build(MEMORYLESS_MODEL, config.recurrent, config.seed)
    return network.fit(replace(train, state=state), replace(valid, state=state))


def _fit_member(
    cell: str,
    config: RolloutConfig,
    seed: int,
    coding: CodingConfig | None,
    train: Rollouts,
    valid: Rollouts,
) -> State:
    """Train one network; it comes back from another process as data."""
    return build(cell, config, seed, coding).fit(train, valid).state()
