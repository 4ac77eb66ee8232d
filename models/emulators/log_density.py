"""The predictive distribution of density at points: normal in its decimal logarithm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from models.errors import ModelError

FloatArray = npt.NDArray[np.floating[Any]]
_LN10 = math.log(10.0)


@dataclass(frozen=True)
class LogDensity:
    """log10 of mass density in kg/m3 is normal, independently at each point.

    mean  point (any shape): of log10 density
    std   the same shape, positive
    """

    mean: FloatArray
    std: FloatArray

    def __post_init__(self) -> None:
        if self.mean.shape != self.std.shape:
            raise ModelError(f"LogDensity: mean has shape {self.mean.shape}, std {self.std.shape}")

    @property
    def median_density(self) -> FloatArray:
        """Median of density, kg/m3."""
        return np.asarray(10.0**self.mean)

    @property
    def mean_density(self) -> FloatArray:
        """Expected density, kg/m3 (of the log-normal distribution)."""
        return np.asarray(np.exp(_LN10 * self.mean + 0.5 * (_LN10 * self.std) ** 2))

    @property
    def std_density(self) -> FloatArray:
        """Standard deviation of density, kg/m3."""
        return np.asarray(self.mean_density * np.sqrt(np.expm1((_LN10 * self.std) ** 2)))

    def quantiles(self, levels: Sequence[float]) -> FloatArray:
        """Density at these probabilities, point × level, kg/m3."""
        z = ndtri(np.asarray(levels, dtype=np.float64))
        return np.asarray(10.0 ** (self.mean[..., None] + self.std[..., None] * z))
