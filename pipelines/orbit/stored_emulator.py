"""A stored emulator in an orbit: its forecast over the orbit's hours, as sampled paths."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.emulators.driver_hours import hourly_drivers
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.state_path import StatePath
from models.emulators.storage import from_state
from pipelines.datasets.density.msis import VERSIONS, msis_field
from pipelines.datasets.density.sources import hours_between
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.orbit.state_density import StateDensity
from pipelines.registry import CHAMPION, THERMOSPHERE_DENSITY, get_model, load_state
from pipelines.thermosphere_density.storing import baseline_of

_HOUR = np.timedelta64(1, "h")


def stored_emulator(
    start: np.datetime64, end: np.datetime64, version: str, samples: int, seed: int
) -> StateDensity:
    """The emulator of a version ("champion" stands for one) from `start` to `end`, UTC.

    Its drivers are the observed ones. Where NRLMSIS made its training fields, the forecast
    begins at the true state of the start, as in the back-test; else at what the drivers tell.
    Raises ArtefactError when there is no such version, DataError without space weather.
    """
    stored = get_model(THERMOSPHERE_DENSITY, version)
    emulator = from_state(load_state(stored))
    name = "emulator" if version == CHAMPION else f"emulator:{stored.version}"
    path = _path(emulator, start, end)
    return StateDensity.of_samples(name, emulator, path, start, samples, seed)


def stored_baseline(start: np.datetime64, end: np.datetime64, version: str) -> StateDensity:
    """The linear dynamics (DMDc with the six plain drivers) that were stored with a version."""
    linear = baseline_of(load_state(get_model(THERMOSPHERE_DENSITY, version)))
    label = "DMDc, six plain drivers"
    return StateDensity.of_mean("dmdc", label, linear, _path(linear, start, end), start)


def _path(emulator: DensityEmulator, start: np.datetime64, end: np.datetime64) -> StatePath:
    """The forecast from the hour of the start to the hour after the end, with observed drivers."""
    first = start.astype("datetime64[h]")
    last = (end - np.timedelta64(1, "ms")).astype("datetime64[h]") + _HOUR
    drivers = hourly_drivers(open_space_weather(), first - emulator.lookback * _HOUR, last)
    return emulator.path(drivers, first, last, true_past(emulator, drivers, first))


def true_past(
    emulator: DensityEmulator, drivers: Drivers, first: np.datetime64
) -> FloatArray | None:
    """The reduced state of the hours before a forecast, hour × component, by the model that
    made the training fields; None where that cannot be computed here."""
    version = next((v for v in VERSIONS if emulator.label == _label(v)), None)
    if version is None:
        return None
    hours = hours_between(first - emulator.lookback * _HOUR, first - _HOUR)
    fields = msis_field(hours, emulator.grid, drivers, version)
    return emulator.components.project(fields.reshape(len(hours), -1))


def _label(version: str) -> str:
    return "NRLMSISE-00" if version == "00" else f"NRLMSIS {version}"
