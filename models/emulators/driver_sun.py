"""Distance of the sun: adjusted F10.7 is observed F10.7 times its square."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]


def sun_distance(days: npt.NDArray[np.datetime64]) -> FloatArray:
    """Distance of the sun in astronomical units, to 1e-4 (Astronomical Almanac, low precision)."""
    since = (days - np.datetime64("2000-01-01")).astype(np.float64) + 0.33
    anomaly = np.deg2rad(357.528 + 0.9856003 * since)
    return np.asarray(1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly))
