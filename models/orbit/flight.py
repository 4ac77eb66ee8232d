"""Where one satellite will be and what density it will meet, with the spread of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.errors import ModelError
from models.orbit.density import DensityModel, Together
from models.orbit.frames import radial_along_cross
from models.orbit.propagation import Progress, Schedule, Track, propagate
from models.orbit.states import check_ballistic, check_state

#: Longest flight, hours: a month of steps.
MOST_HOURS = 31 * 24.0
_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Flight:
    """One satellite, over all samples of a density model.

    times      time: UTC, datetime64[ms]
    latitude, longitude, height   time: geodetic degrees and km, of the mean position
    position   time × 3: mean, km, inertial
    velocity   time × 3: mean, km/s, inertial
    spread     time × 3: standard deviation of the position, radial, along-track, cross-track,
               km; zero where the density model has one sample
    levels     probabilities of `density`
    density    time × level: kg/m3 that the satellite meets
    track      all samples
    """

    times: npt.NDArray[np.datetime64]
    latitude: FloatArray
    longitude: FloatArray
    height: FloatArray
    position: FloatArray
    velocity: FloatArray
    spread: FloatArray
    levels: tuple[float, ...]
    density: FloatArray
    track: Track


def fly(
    state: Sequence[float] | FloatArray,
    start: np.datetime64,
    hours: float,
    model: DensityModel,
    *,
    ballistic: float | FloatArray,
    step: float = 10.0,
    every: float = 60.0,
    levels: Sequence[float] = _QUANTILES,
    progress: Progress | None = None,
) -> Flight:
    """Propagate a satellite under every sample of a density model.

    state      6: km and km/s, inertial (TEME), at `start` (UTC)
    ballistic  Cd A / m, m2/kg; one for each sample where it is uncertain too
    step       seconds of a step of the propagation; `every` seconds between outputs

    Raises ModelError for input that is no orbit, and when the satellite leaves the heights or
    the hours of the density model.
    """
    if not 0 < hours <= MOST_HOURS:
        raise ModelError(f"hours: expected above 0 and at most {MOST_HOURS:g}, got {hours:g}")
    if not all(0 < level < 1 for level in levels):
        raise ModelError(f"levels: expected probabilities between 0 and 1, got {tuple(levels)}")
    coefficients = _coefficients(ballistic, model.samples)
    schedule = Schedule(start, step, every, hours * 3600.0)
    states = np.tile(check_state(state), (model.samples, 1))
    track = propagate(states, coefficients, schedule, Together([model]), progress)
    return summarise(track, levels)


def summarise(track: Track, levels: Sequence[float] = _QUANTILES) -> Flight:
    """Mean, spread and quantiles of a track whose samples are one satellite."""
    mean = track.states.mean(axis=1)
    centre = Track(track.schedule, mean[:, None, :], track.density[:, :1])
    latitude, longitude, height = (part[:, 0] for part in centre.places())
    offsets = radial_along_cross(track.states, mean[:, None, :])
    return Flight(
        track.schedule.times,
        latitude,
        longitude,
        height,
        mean[:, :3],
        mean[:, 3:],
        offsets.std(axis=1),
        tuple(levels),
        np.quantile(track.density, levels, axis=1).T,
        track,
    )


def _coefficients(ballistic: float | FloatArray, samples: int) -> FloatArray:
    given = np.atleast_1d(np.asarray(ballistic, dtype=np.float64))
    if given.shape not in ((1,), (samples,)):
        raise ModelError(
            f"ballistic: expected one coefficient, or one for each of {samples} samples, got "
            f"{given.shape}"
        )
    for value in (given.min(), given.max()):
        check_ballistic(float(value))
    return np.broadcast_to(given, (samples,))
