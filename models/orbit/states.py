"""A satellite's state: from its parts, or from Keplerian elements; refused when it is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray
from models.errors import ModelError
from models.orbit.frames import geodetic
from models.orbit.gravity import MU

#: Ballistic coefficients Cd A / m that a satellite can have, m2/kg: a lead ball to a balloon.
BALLISTIC_LIMITS = (1e-5, 10.0)
#: B / B*: SGP4's reference density is 2.461e-5 kg/m2 per Earth radius (Hoots and Roehrich
#: 1980, Spacetrack Report 3; Vallado 2013, equation 2-49: B* = rho_0 B / 2).
BALLISTIC_PER_BSTAR = 12.741621
#: Beyond are metres; no satellite with drag is there, km and km/s.
_FAR, _FAST = 1e5, 1e3


@dataclass(frozen=True)
class Elements:
    """Osculating Keplerian elements in the inertial frame.

    semi_major    km
    eccentricity  0 to below 1
    inclination, node, perigee, anomaly   degrees; node is the right ascension of the
                  ascending node, perigee its argument, anomaly the true one
    """

    semi_major: float
    eccentricity: float
    inclination: float
    node: float
    perigee: float
    anomaly: float


def from_elements(elements: Elements) -> FloatArray:
    """The state, 6: km and km/s. Raises ModelError when it is no orbit above the surface."""
    if not 0 <= elements.eccentricity < 1:
        raise ModelError(
            f"elements: eccentricity expected 0 to below 1, got {elements.eccentricity:g}"
        )
    if not elements.semi_major > 0:
        raise ModelError(
            f"elements: semi-major axis expected km above 0, got {elements.semi_major:g}"
        )
    return check_state(cartesian(elements), "elements")


def cartesian(elements: Elements) -> FloatArray:
    """Position and velocity, 6: km and km/s (Vallado 2013, algorithm 10)."""
    e = elements.eccentricity
    parameter = elements.semi_major * (1 - e * e)
    nu = math.radians(elements.anomaly)
    cosine, sine = math.cos(nu), math.sin(nu)
    position = np.array([cosine, sine, 0.0]) * parameter / (1 + e * cosine)
    velocity = np.array([-sine, e + cosine, 0.0]) * math.sqrt(MU / parameter)
    turn = _about_z(elements.node) @ _about_x(elements.inclination) @ _about_z(elements.perigee)
    return np.concatenate([turn @ position, turn @ velocity])


def semi_major_axis(states: FloatArray) -> FloatArray:
    """Osculating semi-major axis, km, of states ... × 6."""
    radius = np.linalg.norm(states[..., :3], axis=-1)
    speed2 = (states[..., 3:] ** 2).sum(axis=-1)
    return np.asarray(1.0 / (2.0 / radius - speed2 / MU))


def node_angle(states: FloatArray) -> FloatArray:
    """Right ascension of the ascending node, radians, of states ... × 6."""
    normal = np.cross(states[..., :3], states[..., 3:])
    return np.asarray(np.arctan2(normal[..., 0], -normal[..., 1]))


def latitude_argument(states: FloatArray) -> FloatArray:
    """Angle from the ascending node along the orbit, radians, of states ... × 6."""
    normal = np.cross(states[..., :3], states[..., 3:])
    length = np.linalg.norm(normal, axis=-1)
    # In the plane: along the node (z × normal), and a quarter of a turn on.
    node = np.stack([-normal[..., 1], normal[..., 0], np.zeros_like(length)], axis=-1)
    ahead = np.cross(normal, node)
    along_node = (states[..., :3] * node).sum(axis=-1)
    return np.asarray(np.arctan2((states[..., :3] * ahead).sum(axis=-1) / length, along_node))


def check_state(values: Sequence[float] | FloatArray, where: str = "state") -> FloatArray:
    """Six numbers as a state. Raises ModelError for what is no orbit above the surface."""
    state = np.asarray(values, dtype=np.float64)
    if state.shape != (6,) or not np.isfinite(state).all():
        raise ModelError(
            f"{where}: expected six finite numbers, x, y, z in km and vx, vy, vz in km/s, got "
            f"{_shown(values)}"
        )
    distance, speed = (float(np.linalg.norm(part)) for part in (state[:3], state[3:]))
    if distance > _FAR or speed > _FAST:
        raise ModelError(
            f"{where}: {distance:,.0f} km from the Earth's centre at {speed:,.0f} km/s; expected "
            "km and km/s: is it in metres?"
        )
    height = float(geodetic(*state[:3])[2]) if distance else -np.inf
    if height < 0:
        raise ModelError(
            f"{where}: {distance:,.1f} km from the Earth's centre, which is below the surface; "
            "expected x, y, z in km in an inertial frame (TEME)"
        )
    energy = speed * speed / 2 - MU / distance
    if energy >= 0:
        raise ModelError(
            f"{where}: {speed:.3f} km/s at {height:,.0f} km of height escapes the Earth; "
            f"expected below {math.sqrt(2 * MU / distance):.3f} km/s"
        )
    _refuse_hitting(state, distance, energy, where)
    return state


def check_ballistic(value: float, where: str = "ballistic") -> float:
    """A ballistic coefficient, m2/kg. Raises ModelError outside BALLISTIC_LIMITS."""
    low, high = BALLISTIC_LIMITS
    if low <= value <= high:
        return float(value)
    hint = f"; is it m / (Cd A) in kg/m2? then give {1 / value:.4g}" if value > high else ""
    raise ModelError(
        f"{where}: expected Cd A / m of {low:g} to {high:g} m2/kg, got {value:g}{hint}"
    )


def _refuse_hitting(state: FloatArray, distance: float, energy: float, where: str) -> None:
    """An orbit whose lowest point lies under ground falls within the hour."""
    momentum = float(np.linalg.norm(np.cross(state[:3], state[3:])))
    eccentricity = math.sqrt(max(1 + 2 * energy * (momentum / MU) ** 2, 0.0))
    lowest = momentum**2 / MU / (1 + eccentricity) - 6356.75
    if lowest < 0:
        raise ModelError(
            f"{where}: its lowest point is {-lowest:,.0f} km below the surface "
            f"({np.linalg.norm(state[3:]):.3f} km/s at {distance:,.1f} km from the centre); "
            "expected an orbit: check velocities (km/s, inertial)"
        )


def _shown(values: Sequence[float] | FloatArray) -> str:
    text = ", ".join(f"{value:g}" for value in np.asarray(values, dtype=np.float64).ravel()[:8])
    return f"{np.size(values)} ({text})"


def _about_z(degrees: float) -> FloatArray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _about_x(degrees: float) -> FloatArray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
