"""Back-test of the density emulator: open-loop windows over years that nothing was fitted on.

Consecutive windows of the horizon (five days), each from the true state at its start, with
the drivers that were observed. Every finished contestant is kept in the output folder, so
that a stopped run goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.contract import FloatArray
from models.emulators.cells import cell_distribution
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.emulators.settings import DensityConfig
from models.rollouts import RolloutForecast, Rollouts
from pipelines.atomic import write_parquet
from pipelines.thermosphere_density.contestants import PHYSICS, Contestant, contestants
from pipelines.thermosphere_density.fields import Fields, ReducedSeries, reduce_fields
from pipelines.thermosphere_density.leads import HOURS_A_DAY, lead_errors
from pipelines.thermosphere_density.physics_model import LABEL, PhysicsModel
from pipelines.thermosphere_density.scoring import (
    CLASSES,
    Bands,
    kp_classes,
    score_hours,
)
from pipelines.thermosphere_density.splits import Split, consecutive_rollouts, split_hours
from pipelines.thermosphere_density.storms import Storm, storm_tables, strongest_storms
from pipelines.thermosphere_density.training import assemble, train_ensemble, training_rollouts

#: The tables of one contestant, in the order of `_judge`.
_KINDS = ("hours", "curves", "maps", "leads")
#: Called with (what is being done, parts done, parts in all).
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DensityBacktest:
    """How contestants are judged.

    small_rank  components of the published emulators, for comparison
    bands       edges of bands of heights, km
    picture_height  of storm pictures, km
    jobs        processes that train networks
    models      names of contestants; all without any
    """

    small_rank: int = 10
    bands: tuple[float, ...] = (100.0, 200.0, 300.0, 450.0)
    picture_height: float = 400.0
    jobs: int = 2
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """What a back-test found.

    hours      one row per contestant, hour and band of heights, with sums of scores
    curves     mean density at one height through the storms, one row per contestant and hour
    maps       density at that height in the worst hour, one row per contestant and cell
    leads      one row per contestant, day and lead, from windows that begin every day
    explained  share of variance that 1, 2, ... components hold
    ranks      contestant -> its number of components
    """

    hours: pl.DataFrame
    curves: pl.DataFrame
    maps: pl.DataFrame
    leads: pl.DataFrame
    explained: FloatArray
    ranks: dict[str, int]
    taking_part: tuple[Contestant, ...]
    storms: tuple[Storm, ...]


def judge_contestants(
    fields: Fields,
    drivers: Drivers,
    config: DensityConfig,
    how: DensityBacktest,
    out: Path,
    progress: Progress = lambda _what, _done, _all: None,
) -> Judged:
    """Train and score every contestant on the years held out.

    drivers  of exactly the hours of the fields
    """
    split = split_hours(drivers.times, config.held_out)
    series = _reduced(fields, drivers, split, config, how)
    storms = strongest_storms(drivers, split.held_out)
    everyone = [
        one
        for one in contestants(config, how.small_rank, physics=fields.label != LABEL)
        if not how.models or one.name in how.models
    ]
    tables: list[list[pl.DataFrame]] = []
    ranks: dict[str, int] = {}
    for done, one in enumerate(everyone):
        progress(one.name, done, len(everyone))
        own = series if one.rank is None else series.truncated(one.rank)
        ranks[one.name] = own.components.rank
        part = f"{one.name}-{_key(fields, config, how, one)}"
        files = [out / "parts" / f"{part}.{kind}.parquet" for kind in _KINDS]
        if not all(file.is_file() for file in files):
            found = _judge(one, fields, own, split, config, how, storms)
            for file, table in zip(files, found, strict=True):
                write_parquet(file, table)
        tables.append([pl.read_parquet(file) for file in files])
    progress("done", len(everyone), len(everyone))
    hours, curves, maps, leads = (pl.concat(same) for same in zip(*tables, strict=True))
    explained = series.components.explained
    return Judged(hours, curves, maps, leads, explained, ranks, tuple(everyone), storms)


def _reduced(
    fields: Fields,
    drivers: Drivers,
    split: Split,
    config: DensityConfig,
    how: DensityBacktest,
) -> ReducedSeries:
    # The small rank must be there even where less explains the variance.
    series = reduce_fields(fields, drivers, split.train, config)
    if config.rank is None and series.components.rank < how.small_rank:
        series = reduce_fields(fields, drivers, split.train, replace(config, rank=how.small_rank))
    return series


def _judge(
    one: Contestant,
    fields: Fields,
    series: ReducedSeries,
    split: Split,
    base: DensityConfig,
    how: DensityBacktest,
    storms: tuple[Storm, ...],
) -> tuple[pl.DataFrame, ...]:
    """Train one contestant, forecast, and return what _KINDS names."""
    config = one.config(base)
    ensemble = _ensemble(one, fields, series, split, config, how)
    emulator = assemble(fields, series, split, ensemble, config)
    inputs = features(series.drivers, config.feature_set)
    rollouts = consecutive_rollouts(split.held_out, inputs, series.state, config)
    forecast, left_out = emulator.predict(rollouts, series.drivers)
    shown = storm_tables(one.name, emulator, rollouts, forecast, fields, storms, how.picture_height)
    hours = score_rollouts(
        one.name, emulator, rollouts, (forecast, left_out), fields, series.drivers, how.bands
    )
    starts = range(0, config.horizon, HOURS_A_DAY)
    shifted = [
        consecutive_rollouts(split.held_out, inputs, series.state, config, start=start)
        for start in starts
    ]
    return hours, *shown, lead_errors(one.name, emulator, shifted, fields)


def _ensemble(
    one: Contestant,
    fields: Fields,
    series: ReducedSeries,
    split: Split,
    config: DensityConfig,
    how: DensityBacktest,
) -> RolloutEnsemble:
    if one.name == PHYSICS:
        model = PhysicsModel(series.drivers, fields.grid, series.components)
        _, valid = training_rollouts(series, split, config)
        return RolloutEnsemble([(PHYSICS, model)]).learn_errors(valid)
    networks = len(one.cells) * one.members
    return train_ensemble(series, split, config, jobs=min(how.jobs, networks))


def score_rollouts(
    name: str,
    emulator: DensityEmulator,
    rollouts: Rollouts,
    predicted: tuple[RolloutForecast, FloatArray],
    fields: Fields,
    drivers: Drivers,
    edges: tuple[float, ...],
) -> pl.DataFrame:
    """Scores of one model, a row per hour and band of heights.

    predicted  what `emulator.predict` returned for the rollouts
    """
    bands = Bands.of(fields.grid, edges)
    classes = kp_classes(drivers.column("kp"))
    forecast, left_out = predicted
    tables = []
    for window in range(len(rollouts)):
        hours = rollouts.hours_ahead[window]
        times = drivers.times[hours]
        truth = fields.read(times[0], times[-1]).reshape(len(hours), -1)
        mean, std = cell_distribution(
            emulator.components,
            forecast.mean[window],
            forecast.covariance[window],
            left_out[window],
        )
        sums = score_hours(mean, std, truth, bands, emulator.shape)
        tables.append(_table(name, window, times, classes[hours], bands, sums))
    return pl.concat(tables)


def _table(
    name: str,
    window: int,
    times: np.ndarray[Any, Any],
    classes: np.ndarray[Any, Any],
    bands: Bands,
    sums: dict[str, FloatArray],
) -> pl.DataFrame:
    count, hours = len(bands.names), len(times)
    return pl.DataFrame(
        {
            "model": [name] * (hours * count),
            "window": np.full(hours * count, window, dtype=np.int32),
            "hour": np.repeat(times.astype("datetime64[us]"), count),
            "lead": np.repeat(np.arange(1, hours + 1, dtype=np.int32), count),
            "kp_class": [CLASSES[c] for c in classes for _ in range(count)],
            "band": list(bands.names) * hours,
            **{key: value.astype(np.float64).ravel() for key, value in sums.items()},
        }
    )


def _key(fields: Fields, config: DensityConfig, how: DensityBacktest, one: Contestant) -> str:
    """What a kept result depends on, as a short hash."""
    facts = {
        "data": fields.data_hash,
        "config": asdict(config),
        "bands": how.bands,
        "picture_height": how.picture_height,
        "small_rank": how.small_rank,
        "contestant": asdict(one),
    }
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
