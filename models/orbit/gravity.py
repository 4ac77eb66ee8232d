"""Gravity of an Earth that is flattened but round about its axis: zonal terms J2 to J6.

EGM-96 (Lemoine et al. 1998, NASA/TP-1998-206861), normalised coefficients made plain by
J_n = -sqrt(2 n + 1) C_n0. Terms in longitude (tesserals), the Moon, the Sun and radiation
pressure are left out: they move every run of a comparison alike.
"""

from __future__ import annotations

import math

import numpy as np

from models.contract import FloatArray

#: Gravity parameter, km3/s2, and equatorial radius, km, of EGM-96.
MU = 398600.4415
RADIUS = 6378.1363
#: EGM-96, fully normalised C_20 ... C_60.
_NORMALISED = {
    2: -0.484165371736e-3,
    3: 0.957254173792e-6,
    4: 0.539873863789e-6,
    5: 0.685323475630e-7,
    6: -0.149957994714e-6,
}
#: Degree -> J_n.
ZONAL: dict[int, float] = {n: -math.sqrt(2 * n + 1) * c for n, c in _NORMALISED.items()}
_TOP = max(ZONAL)


def _leading() -> list[float]:
    """Leading coefficients of P'_n, by n: k_1 = 1, k_{n+1} = k_n (2n + 1) / n."""
    found = [0.0, 1.0]
    for n in range(1, _TOP + 1):
        found.append(found[n] * (2 * n + 1) / n)
    return found


def _weights() -> FloatArray:
    """Rows: sums of J_n P'_{n+1} and of J_n P'_n, from p_0 ... p_{top + 1}."""
    weights, leading = np.zeros((2, _TOP + 2)), _leading()
    for n, j in ZONAL.items():
        weights[0, n + 1] = j * leading[n + 1]
        weights[1, n] = j * leading[n]
    return weights


_WEIGHTS = _weights()
#: Of the recursion p_{n+1} = s p_n - beta_n p_{n-1}, where P'_n = k_n p_n.
_BETA = [(n + 1) * (n - 1) / ((2 * n + 1) * (2 * n - 1)) for n in range(_TOP + 1)]


def gravity(x: FloatArray, y: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Acceleration in km/s2 at points in km, as (along x and y per km of x or y, along z).

    The gradient of `potential`. With s = z/r and q = R/r it is
    mu/r2 [ (sum J_n q^n P'_{n+1}(s) - 1) r^ - (sum J_n q^n P'_n(s)) z^ ].
    """
    inverse = 1.0 / np.sqrt(x * x + y * y + z * z)
    q = RADIUS * inverse
    step, square = q * z * inverse, q * q
    # Row n holds q^n p_n(s).
    rows = np.zeros((_TOP + 2, *x.shape))
    rows[1] = q
    for n in range(1, _TOP + 1):
        rows[n + 1] = step * rows[n] - _BETA[n] * square * rows[n - 1]
    outward, axial = _WEIGHTS @ rows
    strength = MU * inverse * inverse
    outward = (outward / q - 1.0) * strength * inverse
    return outward, outward * z - axial * strength


def potential(x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """Gravity potential, km2/s2, positive: mu/r (1 - sum J_n (R/r)^n P_n(z/r))."""
    r = np.sqrt(x * x + y * y + z * z)
    total = np.zeros_like(r)
    for n, j in ZONAL.items():
        only = np.eye(_TOP + 1)[n]
        total += j * (RADIUS / r) ** n * np.polynomial.legendre.legval(z / r, only)
    return np.asarray(MU / r * (1.0 - total))
