"""A small density emulator with small space weather, and a server's predictor around both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch

from models.emulators import catalogue
from models.emulators.driver_weather import SpaceWeather
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.grid import Grid
from models.emulators.log_density import Shape
from models.emulators.storage import to_state
from models.forecasters.settings import RolloutConfig, RolloutNetworkConfig, TrainingConfig
from models.rollouts import Rollouts
from models.transforms.principal_components import PrincipalComponents
from pipelines import registry
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.registry import StoredModel
from pipelines.thermosphere_density.weather import observed
from pipelines.warm_up_density import DensitySample
from service.thermosphere_predictor import DensityPredictor

GRID = Grid.regular(8, 6, 4)
LOOKBACK, HORIZON = 24, 24
LABEL = "a made-up world"
#: Days that the small table of space weather holds.
FIRST_DAY, LAST_DAY = np.datetime64("2001-01-01"), np.datetime64("2003-11-30")


def weather() -> SpaceWeather:
    """The embedded table from 2001 to November 2003, so that tests know its ends."""
    whole = open_space_weather()
    days = slice(
        int((FIRST_DAY - whole.days[0]).astype(int)),
        int((LAST_DAY - whole.days[0]).astype(int)) + 1,
    )
    return replace(
        whole,
        first=FIRST_DAY,
        f107=whole.f107[days],
        f107_adjusted=whole.f107_adjusted[days],
        kp=whole.kp[days],
        source="a small table",
        as_of=np.datetime64("2003-12-01T00:00:00"),
    )


def fields(drivers: Drivers) -> np.ndarray[Any, Any]:
    """log10 density, hour × cell: falls with height, grows with F10.7 and ap, bulges at 14 h."""
    local_time, latitude, height = np.meshgrid(
        GRID.local_time, np.radians(GRID.latitude), GRID.height, indexing="ij"
    )
    aloft = (height - 100.0) / 350.0
    flux = (drivers.column("f107_mean") - 140.0) / 100.0
    storm = np.log1p(drivers.column("ap")) / 5.0
    bulge = 0.2 * aloft * np.cos(2 * np.pi * (local_time - 14.0) / 24.0) * np.cos(latitude)
    base = -7.0 - 4.5 * aloft**0.7 + bulge
    out = base.ravel() + np.outer(flux, (0.5 * aloft).ravel()) + np.outer(storm, aloft.ravel())
    return np.asarray(out, dtype=np.float32)


@cache
def emulator() -> DensityEmulator:
    """Trained on four months of it, in a second or two; once for all tests."""
    torch.manual_seed(0)
    drivers = observed(weather(), np.datetime64("2003-06-01T00"), np.datetime64("2003-09-30T23"))
    truth = fields(drivers)
    # Noise, so that the components leave something out.
    truth += np.random.default_rng(0).normal(0.0, 0.01, truth.shape).astype(np.float32)
    components = PrincipalComponents.fit(lambda: [truth], rank=3)
    inputs, state = features(drivers, "full"), components.project(truth)
    origin = np.arange(LOOKBACK - 1, len(inputs) - HORIZON, 12)
    known = np.ones(len(origin), dtype=bool)
    rows = Rollouts(inputs, state, origin, LOOKBACK, HORIZON, known, np.ones(len(origin)))
    config = RolloutConfig(
        network=RolloutNetworkConfig(hidden_size=8, map_size=16),
        static=TrainingConfig(epochs=2, batch_size=64, learning_rate=1e-2, weight_decay=0.0),
        training=TrainingConfig(epochs=2, batch_size=32, learning_rate=1e-2, weight_decay=0.0),
    )
    train, valid = rows.select(np.arange(180)), rows.select(np.arange(190, len(origin)))
    ensemble = catalogue.ensemble(("lstm",), config, 1).fit(train, valid)
    limits = np.stack([drivers.values.min(axis=0), drivers.values.max(axis=0)], axis=1)
    return DensityEmulator(
        GRID, components, ensemble, "full", LOOKBACK, HORIZON, limits, Shape(), LABEL
    )


def predictor(**changes: Any) -> DensityPredictor:
    """A predictor on the small table."""
    table = weather()
    metadata: Mapping[str, Any] = {
        "created": "2020",
        "data": {"first": "2003-06", "last": "2003-09"},
    }
    made = DensityPredictor(emulator(), "v1", metadata, lambda: table)
    return replace(made, **changes)


def store() -> StoredModel:
    """Store the small emulator in the home of the moment."""
    last = np.datetime64("2003-09-30T23")
    drivers = observed(weather(), last - 100, last)
    return registry.save_model(
        registry.THERMOSPHERE_DENSITY,
        to_state(emulator()),
        DensitySample.record(emulator(), drivers).to_json(),
        metrics={},
        config={"lookback": LOOKBACK, "horizon": HORIZON},
        data={"hash": "abc", "first": "2003-06", "last": "2003-09"},
        seed=0,
    )
