"""A small world with memory: drivers, fields that follow them slowly, and rollouts over it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators import catalogue
from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.grid import Grid
from models.emulators.log_density import Shape
from models.forecasters.settings import RolloutConfig, RolloutNetworkConfig, TrainingConfig
from models.rollouts import Rollouts
from models.transforms.principal_components import PrincipalComponents

START = np.datetime64("2001-01-01T00", "h")
LOOKBACK, HORIZON = 12, 24
GRID = Grid.regular(6, 4, 4)

#: Networks that train in a second.
QUICK = RolloutConfig(
    network=RolloutNetworkConfig(hidden_size=8, map_size=16),
    static=TrainingConfig(epochs=3, batch_size=64, learning_rate=1e-2, weight_decay=0.0),
    training=TrainingConfig(epochs=15, batch_size=16, learning_rate=1e-2, weight_decay=0.0),
)


def drivers(hours: int = 1200, seed: int = 0) -> Drivers:
    """Space weather that is not real: slow F10.7, a Kp that jumps every three hours."""
    random = np.random.default_rng(seed)
    days = -(-hours // 24)
    f107 = np.repeat(140 + 25 * np.sin(np.arange(days) / 4) + random.normal(0, 3, days), 24)
    kp = np.repeat(np.clip(random.gamma(2.0, 1.3, -(-hours // 3)), 0, 9), 3)
    values = np.tile(np.linspace(10.0, 12.0, len(COLUMNS)), (hours, 1))
    for name, column in (("f107", f107), ("kp", kp), ("ap", 4 * kp**1.5), ("ap_daily", 3 * kp)):
        values[:, list(COLUMNS).index(name)] = column[:hours]
    for name in ("f107_previous", "f107_mean", "f107_trailing", "f107_adjusted"):
        values[:, list(COLUMNS).index(name)] = f107[:hours]
    return Drivers(START, values)


def state_of(weather: Drivers) -> npt.NDArray[np.float32]:
    """Three components that follow F10.7, Kp and the hour with memory of some hours."""
    kp, f107 = weather.column("kp") - 2.5, (weather.column("f107") - 140) / 20
    hour = 2 * np.pi * np.arange(len(weather)) / 24
    wanted = np.stack([2 * f107 + 0.5 * kp, kp, np.sin(hour) + 0.3 * kp], axis=1)
    state = np.zeros_like(wanted)
    keep = np.array([0.95, 0.85, 0.5])
    for now in range(1, len(state)):
        state[now] = keep * state[now - 1] + (1 - keep) * wanted[now]
    return state.astype(np.float32)


def rollouts(
    weather: Drivers | None = None, state: FloatArray | None = None, step: int = 1
) -> Rollouts:
    """All rollouts over the world, every `step` hours, starts known."""
    weather = drivers() if weather is None else weather
    state = state_of(weather) if state is None else state
    origin = np.arange(LOOKBACK - 1, len(weather) - HORIZON, step)
    known = np.ones(len(origin), dtype=bool)
    inputs = features(weather, "full")
    return Rollouts(inputs, state, origin, LOOKBACK, HORIZON, known, np.ones(len(origin)))


def with_gaps(rows: Rollouts) -> Rollouts:
    """The same rows, of which some hours' state is missing; starts that need them are unknown."""
    state = rows.state.copy()
    state[60:64], state[300, 1] = np.nan, np.nan
    missing = np.isnan(state).any(axis=1)
    looked = rows.origin[:, None] - np.arange(rows.lookback)
    return replace(rows, state=state, known=rows.known & ~missing[looked].any(axis=1))


def split(all_rows: Rollouts) -> tuple[Rollouts, Rollouts]:
    """The first three quarters to train, the rest, without overlap, to judge."""
    last = int(len(all_rows) * 0.75)
    first = last + LOOKBACK + HORIZON
    return all_rows.select(np.arange(last)), all_rows.select(np.arange(first, len(all_rows), 6))


def fields_of(state: FloatArray) -> npt.NDArray[np.float32]:
    """log10 density of a state on GRID, hour × cell: smooth patterns that fall with height."""
    local_time, latitude, height = np.meshgrid(
        GRID.local_time, np.radians(GRID.latitude), GRID.height, indexing="ij"
    )
    aloft = (height - 100) / 350
    patterns = [
        0.05 * aloft,
        0.03 * aloft * np.cos(2 * np.pi * (local_time - 14) / 24),
        0.02 * aloft * np.sin(latitude),
    ]
    mean = -7.0 - 4.5 * aloft**0.7
    fields = mean.ravel() + sum(
        state[:, i : i + 1] * pattern.ravel() for i, pattern in enumerate(patterns)
    )
    return np.asarray(fields, dtype=np.float32)


def tiny_emulator(seed: int = 0) -> tuple[DensityEmulator, Drivers]:
    """An emulator of the world, trained in about two seconds, and the drivers of its training."""
    weather = drivers(seed=seed)
    fields = fields_of(state_of(weather))
    components = PrincipalComponents.fit(lambda: [fields], rank=3)
    everything = rollouts(weather, components.project(fields))
    train, valid = split(everything)
    ensemble = catalogue.ensemble(("lstm", "gru"), QUICK, 1).fit(train, valid)
    limits = np.stack([weather.values.min(axis=0), weather.values.max(axis=0)], axis=1)
    emulator = DensityEmulator(
        GRID, components, ensemble, "full", LOOKBACK, HORIZON, limits, Shape(), "a made-up world"
    )
    return emulator, weather


def seeded(config: RolloutConfig, seed: int) -> RolloutConfig:
    """The same settings with another seed."""
    return replace(config, training=replace(config.training, seed=seed))
