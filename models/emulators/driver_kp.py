"""Kp and ap: the same 3-hour index on a logarithmic and on a linear scale.

Twenty-eight steps of a third of Kp (0o, 0+, 1-, ... 9o) stand for as many values of ap
(Bartels; table of GFZ Potsdam). Text files round thirds to a decimal, so 3.3 is 3+.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]

#: ap (2 nT) of Kp = 0, 1/3, 2/3, ... 9.
AP_OF_THIRDS = (
    *(0, 2, 3, 4, 5, 6, 7, 9, 12, 15, 18, 22, 27, 32),
    *(39, 48, 56, 67, 80, 94, 111, 132, 154, 179, 207, 236, 300, 400),
)
#: Kp this close to a third, in Kp, is meant to be the third.
_ROUNDED = 0.05
_STEPS = np.arange(len(AP_OF_THIRDS), dtype=np.float64)


def kp_thirds(kp: npt.ArrayLike) -> FloatArray:
    """Kp in thirds, 0 to 27; what a file rounded to a decimal becomes the whole third."""
    thirds = 3.0 * np.asarray(kp, dtype=np.float64)
    whole = np.rint(thirds)
    return np.asarray(np.where(np.abs(thirds - whole) < 3.0 * _ROUNDED, whole, thirds))


def kp_to_ap(kp: npt.ArrayLike) -> FloatArray:
    """ap of Kp, by the table; linear in between, for forecasts that give decimals. NaN stays."""
    return np.asarray(np.interp(kp_thirds(kp), _STEPS, AP_OF_THIRDS))


def ap_to_kp(ap: npt.ArrayLike) -> FloatArray:
    """Kp of ap, the inverse of `kp_to_ap`. NaN stays."""
    return np.asarray(np.interp(np.asarray(ap, dtype=np.float64), AP_OF_THIRDS, _STEPS) / 3.0)
