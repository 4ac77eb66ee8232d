"""What a batch says beside a density: that it was extrapolated, or rests on less than usual.

A warning depends on the hour that a point lies in, so it is made once for each hour of a
path; points only look it up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.emulators.driver_hours import HALF_WINDOW
from models.emulators.driver_weather import SpaceWeather
from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.state_path import StatePath
from pipelines.batch.density_columns import FAR, FORECAST, OBSERVED, PARTIAL, WIDE
from pipelines.batch.density_outlook import Spell

_SUN = np.array([name.startswith("f107") for name in COLUMNS])


def notes(
    emulator: DensityEmulator,
    weather: SpaceWeather,
    spell: Spell,
    path: StatePath,
    futures: Sequence[Drivers],
) -> npt.NDArray[np.int8]:
    """Hour of a path -> place in WARNINGS; drivers are those of any future."""
    ends = path.times[0], path.times[-1]
    wide = np.logical_or.reduce([emulator.outside_hours(d.between(*ends)) for d in futures])
    code = wide[:, _SUN].any(axis=1) + 2 * wide[:, ~_SUN].any(axis=1)
    more = FAR if spell.kind == FORECAST else PARTIAL
    lessened = _lessened(emulator, weather, spell, path)
    return np.asarray(code + len(WIDE) * more * lessened, dtype=np.int8)


def _lessened(
    emulator: DensityEmulator, weather: SpaceWeather, spell: Spell, path: StatePath
) -> npt.NDArray[np.bool_]:
    """The hours that rest on less than usual, for the reason of their kind of drivers."""
    if spell.kind == FORECAST:
        ahead = path.times - spell.origin.astype("datetime64[h]")
        return np.asarray(ahead.astype(np.int64) > emulator.horizon)
    known = weather.last_f107
    if spell.kind == OBSERVED and known is not None:
        return np.asarray(path.times.astype("datetime64[D]") + HALF_WINDOW > known)
    return np.zeros(len(path), dtype=bool)
