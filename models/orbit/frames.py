"""Frames: inertial (TEME) to Earth-fixed by sidereal time, and to geodetic coordinates.

UT1 is taken as UTC (less than 0.9 s, so 0.4 km at the equator) and polar motion is left out
(10 m): both far below what moves density.
"""

from __future__ import annotations

import math

import numpy as np

from models.contract import FloatArray

#: WGS-84 ellipsoid: equatorial radius in km, flattening.
EQUATOR, FLATTENING = 6378.137, 1 / 298.257223563
POLE = EQUATOR * (1 - FLATTENING)
#: Turn of the Earth against the mean equinox, radians per second of UT1 (IAU 1982).
EARTH_RATE = 2 * math.pi * 1.002737909350795 / 86400.0
_ECCENTRICITY2 = FLATTENING * (2 - FLATTENING)
_SECOND2 = _ECCENTRICITY2 / (1 - _ECCENTRICITY2)
_J2000 = np.datetime64("2000-01-01T12:00:00", "us")


def sidereal_angle(time: np.datetime64) -> float:
    """Greenwich mean sidereal time in radians, 0 to below 2 pi, at a UTC moment.

    IAU 1982 (Aoki et al. 1982, Astronomy and Astrophysics 105, equation 14).
    """
    days = float((time.astype("datetime64[us]") - _J2000) / np.timedelta64(1, "D"))
    t = days / 36525.0
    seconds = 67310.54841 + (876600 * 3600 + 8640184.812866) * t + (0.093104 - 6.2e-6 * t) * t * t
    return float(2 * math.pi * ((seconds / 86400.0) % 1.0))


def geodetic(
    x: FloatArray, y: FloatArray, z: FloatArray, angle: float = 0.0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Geodetic latitude and longitude in degrees, height in km above WGS-84.

    x, y, z  km, in a frame whose x axis is `angle` radians west of Greenwich: the sidereal
             angle for inertial positions, 0 for Earth-fixed ones

    Latitude in one step (Bowring 1985, Survey Review 28(218)): good to 1e-10 degrees from
    10 km below the surface to 2,000 km above. Longitude is from -180 to below 180.
    """
    p = np.hypot(x, y)
    r = np.hypot(p, z)
    # Direction of the reduced latitude, as a vector that needs no normal length.
    up, out = POLE * z * (1.0 + _SECOND2 * POLE / r), EQUATOR * p
    length = np.hypot(up, out)
    up, out = up / length, out / length
    north = z + _SECOND2 * POLE * up**3
    level = p - _ECCENTRICITY2 * EQUATOR * out**3
    length = np.hypot(north, level)
    sine, cosine = north / length, level / length
    height = p * cosine + z * sine - EQUATOR * np.sqrt(1.0 - _ECCENTRICITY2 * sine * sine)
    longitude = (np.degrees(np.arctan2(y, x) - angle) + 180.0) % 360.0 - 180.0
    return np.degrees(np.arctan2(north, level)), longitude, height


def earth_fixed(
    latitude: FloatArray, longitude: FloatArray, height: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Earth-fixed x, y, z in km from geodetic degrees and km: the inverse of `geodetic`."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    sine = np.sin(phi)
    normal = EQUATOR / np.sqrt(1.0 - _ECCENTRICITY2 * sine * sine)
    p = (normal + height) * np.cos(phi)
    return p * np.cos(lam), p * np.sin(lam), (normal * (1 - _ECCENTRICITY2) + height) * sine


def radial_along_cross(states: FloatArray, reference: FloatArray) -> FloatArray:
    """Where states lie as seen from a reference: radial, along-track, cross-track, km.

    states, reference  ... × 6 (they broadcast); the result is ... × 3

    Along-track is the distance along the arc, so that a satellite kilometres ahead on the
    same orbit has no radial error; cross-track is towards the orbit's normal.
    """
    position, velocity = reference[..., :3], reference[..., 3:]
    radius = np.linalg.norm(position, axis=-1, keepdims=True)
    radial = position / radius
    normal = np.cross(position, velocity)
    normal = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
    along = np.cross(normal, radial)
    there = states[..., :3]
    ahead, out, side = ((there * axis).sum(axis=-1) for axis in (along, radial, normal))
    in_plane = np.hypot(ahead, out)
    arc = np.arctan2(ahead, out) * radius[..., 0]
    return np.stack([in_plane - radius[..., 0], arc, side], axis=-1)
