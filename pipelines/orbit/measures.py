"""How far a model's orbits end up from the true one, and whether their band holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.contract import FloatArray
from models.orbit.frames import radial_along_cross
from models.orbit.states import latitude_argument

AXES = ("radial", "along", "cross")
#: Where samples are this close together and to the truth, the band is that of rounding and
#: of the fixed step, km.
RESOLUTION = 0.001
_BAND = (0.025, 0.975)


@dataclass(frozen=True)
class Deviation:
    """One model against the truth.

    distance  time × sample: km
    offsets   time × sample × (radial, along-track, cross-track): km, model minus truth
    ratio     orbit: mean density along it over that of the truth, averaged over samples
    """

    distance: FloatArray
    offsets: FloatArray
    ratio: FloatArray

    @classmethod
    def between(
        cls, states: FloatArray, density: FloatArray, truth: FloatArray, true_density: FloatArray
    ) -> Deviation:
        """From states time × sample × 6 and density time × sample; the truth has no samples."""
        apart = np.linalg.norm(states[..., :3] - truth[:, None, :3], axis=-1)
        offsets = radial_along_cross(states, truth[:, None, :])
        orbit = orbit_numbers(truth)
        ratio = orbit_means(density.mean(axis=1), orbit) / orbit_means(true_density, orbit)
        return cls(apart, offsets, ratio)

    def summary(self) -> dict[str, Any]:
        """Numbers for people and programs; coverage is None where there is one sample."""
        mean = self.offsets.mean(axis=1)
        return {
            "samples": self.distance.shape[1],
            "mean_error_km": float(self.distance.mean()),
            "final_error_km": float(self.distance[-1].mean()),
            "max_error_km": float(self.distance.mean(axis=1).max()),
            "centre_mean_error_km": float(np.linalg.norm(mean, axis=-1).mean()),
            "centre_final_error_km": float(np.linalg.norm(mean[-1])),
            **{
                f"{axis}_rms_km": float(np.sqrt((self.offsets[..., i] ** 2).mean()))
                for i, axis in enumerate(AXES)
            },
            "final_along_km": float(mean[-1, 1]),
            "coverage_95": self.coverage(1),
            "coverage_95_radial": self.coverage(0),
            "coverage_95_cross": self.coverage(2),
            **self._density(),
        }

    def band(self, axis: int) -> FloatArray:
        """Ends of the 95 % band of an axis, 2 × time, km."""
        return np.asarray(np.quantile(self.offsets[..., axis], _BAND, axis=1))

    def coverage(self, axis: int) -> float | None:
        """Share of the time at which the true path lies in the 95 % band of the samples."""
        if self.distance.shape[1] == 1:
            return None
        low, high = self.band(axis)
        return float(((low <= RESOLUTION) & (high >= -RESOLUTION))[1:].mean())

    def _density(self) -> dict[str, float | None]:
        """Errors of the mean density of whole orbits, percent."""
        if not len(self.ratio):
            return {f"orbit_density_{name}_percent": None for name in ("bias", "error", "debiased")}
        logs = np.log(self.ratio)
        return {
            "orbit_density_bias_percent": float(100 * np.expm1(logs.mean())),
            "orbit_density_error_percent": float(100 * np.abs(self.ratio - 1).mean()),
            "orbit_density_debiased_percent": float(100 * logs.std()),
        }


def orbit_numbers(truth: FloatArray) -> FloatArray:
    """Number of the revolution at each time, from 0; -1 in the last one, which is not whole.

    A revolution begins where the satellite was at the start.
    """
    turned = np.unwrap(latitude_argument(truth))
    number = np.floor((turned - turned[0]) / (2 * np.pi)).astype(np.int64)
    return np.where(number == number[-1], -1, number)


def orbit_means(values: FloatArray, orbit: FloatArray) -> FloatArray:
    """Means over whole revolutions of values per time."""
    whole = orbit >= 0
    count = np.bincount(orbit[whole])
    return np.asarray(np.bincount(orbit[whole], values[whole]) / np.maximum(count, 1))
