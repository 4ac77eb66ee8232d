"""Units of density and height in other models' files: what is said, and whether it can be.

Files lie about units often enough that the numbers are looked at too: mass density falls
so steeply and is known so well that a factor of a thousand shows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.emulators.grid import FloatArray
from models.errors import DataError

#: Spelling (lower case, without blanks, ^ and **) -> factor to kg/m3 and to km.
DENSITY_UNITS = {
    **dict.fromkeys(("g/cm3", "gcm-3", "gm/cm3", "gmcm-3", "g/cc"), 1e3),
    **dict.fromkeys(("kg/m3", "kgm-3"), 1.0),
}
HEIGHT_UNITS = {"cm": 1e-5, "m": 1e-3, "meters": 1e-3, "metres": 1e-3, "km": 1.0}

#: Typical log10 density in kg/m3 (U.S. Standard Atmosphere 1976, table 1; 1,000 K above).
_TYPICAL_HEIGHT = (90.0, 100.0, 120.0, 150.0, 200.0, 300.0, 400.0, 500.0, 700.0, 1000.0)
_TYPICAL_LOG = (-5.47, -6.25, -7.65, -8.69, -9.59, -10.72, -11.55, -12.28, -13.51, -14.45)
#: Decades that the middle of a field may lie from that. Real fields lie within 1, so those in a
#: wrong unit beyond 2; what is left is for idealised atmospheres, which are welcome.
_TOLERANCE = 2.0
#: Where a model of the thermosphere may have its lowest level, km.
_LOWEST = (60.0, 160.0)
#: The highest level that is believed, km.
_HIGHEST = 3000.0


@dataclass(frozen=True)
class Named:
    """Where values came from, for messages, and the unit that their file states."""

    file: str
    name: str
    unit: str

    def factor(self, known: dict[str, float], default: str) -> float:
        """Raises DataError for a unit that is not known; none stated means `default`."""
        spelling = self.unit.lower()
        for noise in ("**", "^", " ", "*", "."):
            spelling = spelling.replace(noise, "")
        if (spelling or default) not in known:
            raise DataError(
                f"{self.file}: {self.name}: units {self.unit!r} are not known; expected one of "
                f"{', '.join(known)}; correct the attribute, for example with ncatted"
            )
        return known[spelling or default]


def density_in_si(values: FloatArray, stated: Named) -> FloatArray:
    """kg/m3 by what the file says; TIE-GCM's own unit, g/cm3, when it says nothing."""
    return np.asarray(values * stated.factor(DENSITY_UNITS, "g/cm3"))


def height_in_km(values: FloatArray, stated: Named) -> FloatArray:
    """km by what the file says (cm when nothing). Raises DataError when that cannot be."""
    factor = stated.factor(HEIGHT_UNITS, "cm")
    low, high = (float(f(values)) * factor for f in (np.nanmin, np.nanmax))
    if _LOWEST[0] <= low <= _LOWEST[1] and high <= _HIGHEST:
        return np.asarray(values * factor)
    raise DataError(
        f"{stated.file}: {stated.name}: {low:.4g} to {high:.4g} km when read as "
        f"{stated.unit or 'cm'}; expected a lowest level from {_LOWEST[0]:g} to "
        f"{_LOWEST[1]:g} km{_likely_height(low / factor)}"
    )


def check_density(log_density: FloatArray, height: FloatArray, stated: Named) -> None:
    """Raises DataError when log10 of kg/m3 cannot be that of these heights (km; broadcast)."""
    away = decades_away(log_density, height)
    if abs(away) <= _TOLERANCE:
        return
    unit = stated.unit or "g/cm3"
    guess = {3: "kg/m3, labelled or taken as g/cm3", -3: "g/cm3, labelled or taken as kg/m3"}
    nearest = 3 if away > 0 else -3
    hint = (
        f"the values look like {guess[nearest]}; correct the units attribute"
        if abs(away - nearest) <= _TOLERANCE
        else "look at the units of density and height"
    )
    raise DataError(
        f"{stated.file}: {stated.name}: densities read as {unit} are 10**{away:+.1f} times those "
        f"of the thermosphere at these heights; {hint}"
    )


def decades_away(log_density: FloatArray, height: FloatArray) -> float:
    """How far the middle of log10 density (kg/m3) lies above the typical one of these heights."""
    typical = np.interp(height, _TYPICAL_HEIGHT, _TYPICAL_LOG)
    return float(np.nanmedian(log_density - typical))


def _likely_height(lowest: float) -> str:
    for unit in ("km", "m", "cm"):
        if _LOWEST[0] <= lowest * HEIGHT_UNITS[unit] <= _LOWEST[1]:
            return f"; the values look like {unit}: correct the units attribute"
    return "; look at the units attribute"
