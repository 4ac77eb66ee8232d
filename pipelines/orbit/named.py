"""Density models by name, as the command line gives them.

msis-2.1, msis-2.0, msis-00   NRLMSIS at every point
emulator, emulator:VERSION    a stored emulator, as sampled paths
dmdc                          the linear dynamics stored with the champion
fields:FOLDER                 hourly fields of `halyard snapshots`
exponential                   an atmosphere of height alone
NAME*1.05                     any of these, times a number
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from models.emulators.driver_hours import hourly_drivers
from models.errors import ConfigError
from models.orbit.density import DensityModel, Exponential, Scaled
from pipelines.datasets.density.msis import VERSIONS
from pipelines.datasets.density.store import SnapshotStore
from pipelines.datasets.space_weather.table import open_space_weather
from pipelines.orbit.field_density import FieldDensity
from pipelines.orbit.msis_density import MsisDensity
from pipelines.orbit.stored_emulator import stored_baseline, stored_emulator
from pipelines.registry import CHAMPION, THERMOSPHERE_DENSITY, champion_version

FIELDS, EMULATOR, LINEAR = "fields:", "emulator", "dmdc"
#: All are propagated together, in memory.
MOST_SAMPLES = 5000


@dataclass(frozen=True)
class Span:
    """When a density model is needed, and how many samples of one that has a spread.

    start    UTC
    days     from there on
    samples  trajectories of an emulator
    seed     of these
    """

    start: np.datetime64
    days: float
    samples: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.samples <= MOST_SAMPLES:
            raise ConfigError(f"samples: expected 1 to {MOST_SAMPLES}, got {self.samples}")

    @property
    def last(self) -> np.datetime64:
        """The last moment."""
        return np.datetime64(self.start + np.timedelta64(round(self.days * 86400), "s"))


def density_model(text: str, span: Span) -> DensityModel:
    """The model that a text names. Raises ConfigError for an unknown one, DataError when its
    fields or space weather do not cover the span."""
    name, star, factor = text.partition("*")
    model = _plain(name, span)
    if not star:
        return model
    try:
        return Scaled(model, float(factor))
    except ValueError as error:
        raise ConfigError(
            f"density model {text!r}: expected a number after *, got {factor!r}"
        ) from error


def usual_models() -> list[str]:
    """Names to compare when none are given: emulator and DMDc, if there are, other NRLMSIS."""
    there = champion_version(THERMOSPHERE_DENSITY) is not None
    return [*([EMULATOR, LINEAR] if there else []), "msis-2.1*1.05", "msis-00"]


def _plain(name: str, span: Span) -> DensityModel:
    if name.startswith(FIELDS):
        folder = Path(name.removeprefix(FIELDS))
        return FieldDensity.of_store(SnapshotStore.open(folder), span.start, span.days)
    if name == EMULATOR or name.startswith((f"{EMULATOR}:", f"{EMULATOR}@")):
        version = name.removeprefix(EMULATOR)[1:] or CHAMPION
        return stored_emulator(span.start, span.last, version, span.samples, span.seed)
    if name == LINEAR:
        return stored_baseline(span.start, span.last, CHAMPION)
    makers: dict[str, Callable[[Span], DensityModel]] = {"exponential": lambda _span: Exponential()}
    makers |= {f"msis-{version}": partial(_msis, version) for version in VERSIONS}
    if name not in makers:
        raise ConfigError(
            f"density model {name!r} is not known; there is: {', '.join(sorted(makers))}, "
            f"{EMULATOR}, {EMULATOR}:VERSION, {LINEAR}, {FIELDS}FOLDER, and any of these with "
            "*FACTOR"
        )
    return makers[name](span)


def _msis(version: str, span: Span) -> MsisDensity:
    weather = open_space_weather()
    return MsisDensity(span.start, hourly_drivers(weather, span.start, span.last), version)
