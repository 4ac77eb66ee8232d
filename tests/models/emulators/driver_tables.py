"""Small tables of space weather, made where a test says."""

from __future__ import annotations

import numpy as np

from models.emulators.driver_weather import SpaceWeather

FIRST = np.datetime64("2001-01-01")


def table(days: int = 200, **changed: np.ndarray) -> SpaceWeather:
    """F10.7 = 100 + day / 10, adjusted one less, and Kp = 0, 1/3, 2/3, ... 9, 0, ... in turn."""
    flux = 100.0 + np.arange(days) / 10.0
    kp = (np.arange(8 * days) % 28 / 3.0).reshape(days, 8)
    parts = {"f107": flux, "f107_adjusted": flux - 1.0, "kp": kp, **changed}
    return SpaceWeather(FIRST, **parts, source="made")  # type: ignore[arg-type]


def wandering(days: int = 900, seed: int = 0) -> SpaceWeather:
    """F10.7 and Kp that wander with a turn of the sun, as the real ones do."""
    rng = np.random.default_rng(seed)
    turn = np.sin(2 * np.pi * np.arange(days) / 27.0)
    flux = 120.0 * np.exp(0.15 * turn + 0.02 * rng.standard_normal(days))
    kp = 2.5 + turn[:, None] + rng.standard_normal((days, 8))
    return table(days, f107=flux, f107_adjusted=flux, kp=np.rint(3 * kp.clip(0, 9)) / 3)
