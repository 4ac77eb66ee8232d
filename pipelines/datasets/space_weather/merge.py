"""Put tables of space weather together: where both know a value, the newer one wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.driver_flares import FlareRules
from models.emulators.driver_weather import INTERVAL_HOURS, PER_DAY, SpaceWeather
from models.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]
#: Between the names of sources.
_AND = " + "


def merge(base: SpaceWeather, newer: SpaceWeather) -> SpaceWeather:
    """All days of both, value by value; what neither knows is NaN.

    The source names both; `as_of` is the newer's.
    """
    first = min(base.days[0], newer.days[0])
    count = int((max(base.last, newer.last) - first).astype(int)) + 1

    def joined(old: FloatArray, new: FloatArray) -> FloatArray:
        out = np.full((count, *old.shape[1:]), np.nan)
        for part, values in ((base, old), (newer, new)):
            at = int((part.days[0] - first).astype(int))
            place = out[at : at + len(values)]
            place[...] = np.where(np.isfinite(values), values, place)
        return out

    named = f"{base.source}{_AND}{newer.source}".split(_AND)
    sources = dict.fromkeys(name for name in named if name)
    return SpaceWeather(
        np.datetime64(first),
        joined(base.f107, newer.f107),
        joined(base.f107_adjusted, newer.f107_adjusted),
        joined(base.kp, newer.kp),
        _AND.join(sources),
        newer.as_of if newer.as_of is not None else base.as_of,
    )


def since(weather: SpaceWeather, first: np.datetime64) -> SpaceWeather:
    """The days from `first` on."""
    skip = max(int((first.astype("datetime64[D]") - weather.days[0]).astype(int)), 0)
    return replace(
        weather,
        first=weather.days[0] + skip,
        f107=weather.f107[skip:],
        f107_adjusted=weather.f107_adjusted[skip:],
        kp=weather.kp[skip:],
    )


def check_gaps(weather: SpaceWeather) -> None:
    """Raise DataError at the first unknown value between known ones.

    Up to three days of F10.7 in a row may be missing: drivers interpolate them.
    """
    for name, values, step in (
        ("F10.7", weather.f107, 24),
        ("adjusted F10.7", weather.f107_adjusted, 24),
        ("Kp", weather.kp.ravel(), INTERVAL_HOURS),
    ):
        known = np.flatnonzero(np.isfinite(values))
        if not len(known):
            raise DataError(
                f"{weather.source}: no {name} at all; give a source that has it as well"
            )
        holes = _holes(known, 0 if step < 24 else FlareRules().reach)
        if len(holes):
            at = weather.days[0].astype("datetime64[h]") + int(holes[0]) * step
            when = at.astype("datetime64[D]") if step == 24 else f"{at}:00"
            raise DataError(
                f"{weather.source}: {name} of {when} is missing ({len(holes)} of "
                f"{len(weather) * (PER_DAY if step < 24 else 1)} values); give a source that has it"
            )


def _holes(known: IntArray, allowed: int) -> IntArray:
    """Unknown positions between known ones, more than `allowed` in a row."""
    gaps = np.flatnonzero(np.diff(known) - 1 > allowed)
    runs = [np.arange(known[i] + 1, known[i + 1]) for i in gaps]
    return np.concatenate(runs) if runs else np.empty(0, dtype=np.int64)
