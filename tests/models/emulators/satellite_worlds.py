"""Made-up satellites whose errors are known, for tests of correction and assimilation."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.emulators.satellite_samples import SatelliteSamples

NOISE = 0.05


def days(count: int, start: str = "2003-01-01") -> np.ndarray:
    """One time a day, ten minutes after midnight."""
    first = np.datetime64(start, "s") + np.timedelta64(600, "s")
    return np.asarray(first + np.arange(count) * np.timedelta64(86400, "s"))


def samples(
    count: int = 400,
    *,
    satellites: tuple[str, ...] = ("a", "b"),
    bias: float = 0.0,
    error: FloatArray | None = None,
    scale: dict[str, float] | None = None,
    seed: int = 0,
    start: str = "2003-01-01",
) -> SatelliteSamples:
    """Satellites in turn, a row a day: background plus bias, error, factor and noise.

    error  row: of log10 density, common to all satellites
    scale  satellite -> log10 of its factor
    """
    random = np.random.default_rng(seed)
    name = np.array([satellites[day % len(satellites)] for day in range(count)], dtype=np.str_)
    flux = 120.0 + 40.0 * np.sin(2 * np.pi * np.arange(count) / 300.0)
    weather = np.stack([flux * random.uniform(0.9, 1.1, count), flux, np.full(count, 7.0)], axis=1)
    latitude, height = random.uniform(-80, 80, count), random.uniform(380, 480, count)
    background = -11.6 - (height - 400.0) / 150.0
    own = np.array([(scale or {}).get(str(n), 0.0) for n in name])
    error = np.zeros(count) if error is None else error
    measured = background + bias + error + own + random.normal(0.0, NOISE, count)
    return SatelliteSamples(
        time=days(count, start),
        satellite=name,
        local_time=random.uniform(0, 24, count),
        latitude=latitude,
        height=height,
        weather=weather,
        basis=np.stack([np.full(count, 0.4), random.normal(0, 0.02, count)], axis=1),
        background_mean=background,
        background_std=np.full(count, 0.01),
        log_density=measured,
    )


def wandering(count: int, size: float, memory: float, seed: int = 1) -> FloatArray:
    """An Ornstein-Uhlenbeck path, one value a day."""
    random, kept = np.random.default_rng(seed), np.exp(-1.0 / memory)
    path = np.empty(count)
    path[0] = random.normal(0.0, size)
    for day in range(1, count):
        path[day] = kept * path[day - 1] + size * np.sqrt(1 - kept**2) * random.normal()
    return path
