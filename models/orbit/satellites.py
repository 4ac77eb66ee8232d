"""Satellites known by name: an orbit of some day and a ballistic coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray
from models.errors import ModelError
from models.orbit.states import Elements, from_elements

_J2000 = np.datetime64("2000-01-01T12:00:00", "us")


@dataclass(frozen=True)
class Satellite:
    """A satellite whose orbital plane is told by the sun.

    label       for people; says whence the orbit is
    ballistic   Cd A / m, m2/kg
    elements    osculating, at the start; its node is set from `node_time`
    node_time   local mean solar time of the ascending node, hours
    """

    label: str
    ballistic: float
    elements: Elements
    node_time: float

    def state(self, start: np.datetime64) -> FloatArray:
        """The state at a start (UTC), 6: km and km/s."""
        e = self.elements
        node = mean_sun(start) + 15.0 * (self.node_time - 12.0)
        return from_elements(
            Elements(e.semi_major, e.eccentricity, e.inclination, node, e.perigee, e.anomaly)
        )


#: CHAMP in November 2003, made from published elements (6,752.6 km, 0.003, 87.26 degrees),
#: which osculate at the southernmost point; its apogee lies there, as in the frozen orbit
#: that the pear shape of the Earth keeps. It crossed the equator northwards near 23:24 local
#: time in that storm. Not a measured state.
SATELLITES: dict[str, Satellite] = {
    "champ": Satellite(
        "CHAMP, orbit made from elements of November 2003",
        0.00477,
        Elements(6752.6, 0.003, 87.26, 0.0, 90.0, 180.0),
        23.4,
    ),
}


def satellite(name: str) -> Satellite:
    """A satellite by its name. Raises ModelError for an unknown one."""
    try:
        return SATELLITES[name.lower()]
    except KeyError:
        known = ", ".join(SATELLITES)
        raise ModelError(
            f"satellite {name!r} is not known; there is: {known}; give a state or a TLE of others"
        ) from None


def mean_sun(time: np.datetime64) -> float:
    """Right ascension of the mean sun, degrees (Meeus 1998, Astronomical Algorithms, 25.2)."""
    days = float((time.astype("datetime64[us]") - _J2000) / np.timedelta64(1, "D"))
    return (280.46646 + 0.98564736 * days) % 360.0
