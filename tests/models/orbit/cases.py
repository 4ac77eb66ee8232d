"""Orbits that several tests share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.orbit.propagation import Schedule
from models.orbit.states import Elements, from_elements

FloatArray = npt.NDArray[np.floating[Any]]

START = np.datetime64("2003-11-18T00:00:00")
#: Of CHAMP.
BALLISTIC = 0.00477


def low_orbit(**changes: float) -> FloatArray:
    """A nearly polar orbit 380 km up; `changes` are elements."""
    elements = {
        "semi_major": 6762.0,
        "eccentricity": 0.001,
        "inclination": 87.26,
        "node": 45.0,
        "perigee": 90.0,
        "anomaly": 0.0,
    }
    return from_elements(Elements(**{**elements, **changes}))


def schedule(hours: float, step: float = 10.0, every: float = 60.0) -> Schedule:
    return Schedule(START, step, every, 3600.0 * hours)


def vacuum(seconds: float, *places: FloatArray) -> FloatArray:  # noqa: ARG001
    return np.zeros_like(places[0])


def uniform(value: float):  # type: ignore[no-untyped-def]
    """The same density everywhere, kg/m3."""

    def density(seconds: float, *places: FloatArray) -> FloatArray:  # noqa: ARG001
        return np.full_like(places[0], value)

    return density
