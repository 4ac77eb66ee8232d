"""The reduced state over consecutive hours, as a distribution over whole paths.

Marginals are normal, hour by hour; how errors persist from hour to hour comes from the
error model, so that what a path adds up to (an orbit's drag, a day's mean) has the right
spread too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from models.contract import FloatArray
from models.emulators.error_model import TIMES, ErrorModel, factors
from models.errors import ModelError


@dataclass(frozen=True)
class StatePath:
    """Reduced state at consecutive whole hours.

    start       first hour, UTC
    mean        hour × component
    covariance  hour × component × component
    errors      how errors persist
    left_out    hour: variance of what the components leave out, relative to its mean
    """

    start: np.datetime64
    mean: FloatArray
    covariance: FloatArray
    errors: ErrorModel
    left_out: FloatArray

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def times(self) -> npt.NDArray[np.datetime64]:
        """The hours, datetime64[h]."""
        return np.asarray(self.start.astype("datetime64[h]") + np.arange(len(self.mean)))

    @cached_property
    def factor(self) -> FloatArray:
        """Lower triangular factor of each covariance, hour × component × component."""
        return factors(self.covariance)

    @cached_property
    def factor_pairs(self) -> torch.Tensor:
        """Factors of every hour and the next side by side, hour × component × (2 · component)."""
        factor = torch.from_numpy(self.factor.astype(np.float32))
        later = torch.cat([factor[1:], factor[-1:]])
        return torch.cat([factor, later], dim=2)

    @cached_property
    def tensors(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and `left_out` as float32 tensors."""
        return (
            torch.from_numpy(self.mean.astype(np.float32)),
            torch.from_numpy(self.left_out.astype(np.float32)),
        )

    def hours_since_start(self, times: npt.NDArray[np.datetime64]) -> FloatArray:
        """Times as hours after the first one. Raises ModelError outside the path."""
        first, last = self.times[0], self.times[-1]
        hours = (times - first.astype("datetime64[us]")) / np.timedelta64(1, "h")
        inside = (hours >= 0) & (hours <= len(self.mean) - 1)
        if not np.all(inside):
            wrong = int(np.argmin(inside))
            raise ModelError(
                f"epoch {np.asarray(times)[wrong]} of point {wrong}: expected {first}:00 to "
                f"{last}:00 UTC, the hours of this forecast"
            )
        return np.asarray(hours)

    def sample(self, count: int, seed: int) -> npt.NDArray[np.float32]:
        """Draw paths, sample × hour × component.

        Whitened errors are sums of first-order autoregressive processes with the times and
        shares of the error model; a path is the mean plus the factor times its errors.
        """
        generator = torch.Generator().manual_seed(seed)
        hours, components = self.mean.shape
        white = torch.zeros(hours, count, components)
        for index, time in enumerate(TIMES):
            share = torch.from_numpy(np.sqrt(self.errors.shares[:, index])).float()
            if bool((share > 0).any()):
                white += share * _autoregressive(hours, count, components, time, generator)
        factor = torch.from_numpy(self.factor.astype(np.float32))
        paths = torch.bmm(white, factor.transpose(1, 2)).transpose(0, 1)
        paths = paths + torch.from_numpy(self.mean.astype(np.float32))
        return np.asarray(paths.numpy())

    def sigma_points(self) -> tuple[FloatArray, FloatArray]:
        """Paths whose weighted mean and covariance are exact in every hour, and their weights.

        The symmetric set of the unscented transform (Julier and Uhlmann 2004, section III)
        without a centre point: mean ± sqrt(n) · column of the factor. Return point × hour ×
        component and point.
        """
        components = self.mean.shape[1]
        spread = np.sqrt(components) * np.moveaxis(self.factor, -1, 0)
        points = np.concatenate([self.mean + spread, self.mean - spread])
        return points, np.full(2 * components, 1 / (2 * components))


def _autoregressive(
    hours: int, count: int, components: int, time: float, generator: torch.Generator
) -> torch.Tensor:
    """Stationary processes of unit variance that fade to 1/e in `time` hours."""
    keep = float(np.exp(-1.0 / time))
    values = torch.randn(hours, count, components, generator=generator)
    values[1:] *= float(np.sqrt(1 - keep**2))
    for hour in range(1, hours):
        values[hour].add_(values[hour - 1], alpha=keep)
    return values
