"""The predictive distribution of density at points, by the mean and spread of its logarithm.

The logarithm is normal, or has the shape that standardised errors had on validation hours:
storms give them longer tails than a normal distribution has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from models.contract import LEVELS
from models.errors import ModelError

FloatArray = npt.NDArray[np.floating[Any]]
_LN10 = math.log(10.0)
_NORMAL = np.asarray(ndtri(LEVELS))


@dataclass(frozen=True)
class Shape:
    """Quantiles of standardised errors at contract.LEVELS; the default is the normal one."""

    quantiles: FloatArray = field(default_factory=_NORMAL.copy)

    @classmethod
    def of_errors(cls, errors: FloatArray) -> Shape:
        """The shape of a sample, made symmetric: the errors' mean is the forecast's business."""
        sizes = np.quantile(np.abs(errors), np.abs(2 * np.asarray(LEVELS) - 1))
        return cls(np.asarray(np.sign(_NORMAL) * sizes))

    def at(self, levels: Sequence[float] | FloatArray) -> FloatArray:
        """Quantiles at any levels between 0 and 1; linear in the normal quantile.

        Outside LEVELS the outermost quantile is stretched as a normal one would be.
        """
        normal = ndtri(np.asarray(levels, dtype=np.float64))
        inside = np.interp(normal, _NORMAL, self.quantiles)
        stretch = np.maximum(np.abs(normal) / _NORMAL[-1], 1.0)
        return np.asarray(inside * stretch)

    def probability(self, standardised: FloatArray) -> FloatArray:
        """Inverse of `at`: the level at which a standardised value lies."""
        top = self.quantiles[-1]
        stretch = np.maximum(np.abs(standardised) / top, 1.0)
        inside = np.interp(standardised, self.quantiles, _NORMAL)
        return np.asarray(ndtr(inside * stretch))


@dataclass(frozen=True)
class LogDensity:
    """log10 of mass density in kg/m3, independently at each point.

    mean   point (any shape): of log10 density, also its median
    std    the same shape, positive
    shape  of the standardised errors
    """

    mean: FloatArray
    std: FloatArray
    shape: Shape = field(default_factory=Shape)

    def __post_init__(self) -> None:
        if self.mean.shape != self.std.shape:
            raise ModelError(f"LogDensity: mean has shape {self.mean.shape}, std {self.std.shape}")

    @property
    def median_density(self) -> FloatArray:
        """Median of density, kg/m3."""
        return np.asarray(10.0**self.mean)

    @property
    def mean_density(self) -> FloatArray:
        """Expected density, kg/m3, were the logarithm normal."""
        return np.asarray(np.exp(_LN10 * self.mean + 0.5 * (_LN10 * self.std) ** 2))

    @property
    def std_density(self) -> FloatArray:
        """Standard deviation of density, kg/m3, were the logarithm normal."""
        return np.asarray(self.mean_density * np.sqrt(np.expm1((_LN10 * self.std) ** 2)))

    def quantiles(self, levels: Sequence[float]) -> FloatArray:
        """Density at these probabilities, point × level, kg/m3."""
        out = np.empty((len(levels), *self.mean.shape))
        for level, z in zip(out, self.shape.at(levels), strict=True):
            # A power of ten is three times as slow as an exponential.
            np.exp(_LN10 * (self.mean + self.std * z), out=level)
        return np.moveaxis(out, 0, -1)
