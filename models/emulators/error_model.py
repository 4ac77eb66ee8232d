"""What the errors of a rollout model look like, learnt from rollouts that it did not see.

A network's own spread is that of its training hours: too narrow, and without correlation
when its head is diagonal. Here its errors on validation rollouts are whitened by its own
covariance; their second moment repairs size and correlation, and their autocorrelation
says how long an error lasts, which is what paths drawn from the distribution need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from models.contract import FloatArray
from models.errors import ModelError
from models.rollouts import RolloutForecast

#: Whitened errors beyond this are held there: one storm must not set the width of all hours.
CLIP = 5.0
#: Added to the diagonal of a covariance before its factor is taken, as a share of it.
JITTER = 1e-6
#: Hours after which an error has faded to 1/e: errors are mixtures of such processes.
TIMES = (1.0, 6.0, 24.0, 120.0, 720.0)
#: Rows that an error model needs at least.
MIN_ROWS = 5


@dataclass(frozen=True)
class ErrorModel:
    """Second moment of whitened errors, and how long they last.

    moment  component × component; the identity when the model knew its own spread
    shares  component × len(TIMES): variance of each process, summing to one
    """

    moment: FloatArray
    shares: FloatArray

    @classmethod
    def fit(cls, forecast: RolloutForecast, outcome: FloatArray) -> Self:
        """Fit on forecasts and what came, row × hour × component, finite.

        Raises ModelError for fewer than MIN_ROWS rows.
        """
        if len(outcome) < MIN_ROWS:
            raise ModelError(
                f"{len(outcome)} validation rollouts: expected {MIN_ROWS} or more to learn the "
                "spread of errors from; hold more months out"
            )
        white = np.clip(whitened(forecast, outcome), -CLIP, CLIP)
        flat = white.reshape(-1, white.shape[-1])
        return cls(flat.T @ flat / len(flat), _process_shares(white))

    def applied(self, forecast: RolloutForecast) -> RolloutForecast:
        """The same forecast with the covariance that its errors had."""
        factor = factors(forecast.covariance)
        repaired = factor @ self.moment.astype(factor.dtype) @ factor.swapaxes(-1, -2)
        return RolloutForecast(forecast.mean, repaired)

    def autocorrelation(self, lag: FloatArray) -> FloatArray:
        """Correlation of the errors of one component `lag` hours apart, component × lag."""
        return np.asarray(self.shares @ np.exp(-lag / np.asarray(TIMES)[:, None]))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """By name, as they are stored with a model."""
        return {"moment": self.moment, "shares": self.shares}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Inverse of `arrays`."""
        return cls(np.asarray(arrays["moment"]), np.asarray(arrays["shares"]))


def factors(covariance: FloatArray) -> FloatArray:
    """Lower triangular factors of covariances, ... × component × component."""
    diagonal = np.einsum("...ii->...i", covariance)
    jitter = JITTER * diagonal + np.finfo(np.float32).tiny
    padded = covariance + jitter[..., None] * np.eye(diagonal.shape[-1], dtype=covariance.dtype)
    return np.asarray(np.linalg.cholesky(padded))


def whitened(forecast: RolloutForecast, outcome: FloatArray) -> FloatArray:
    """Errors in units of the forecast's own spread, row × hour × component."""
    error = (outcome - forecast.mean)[..., None]
    return np.asarray(np.linalg.solve(factors(forecast.covariance), error)[..., 0])


def _process_shares(white: FloatArray) -> FloatArray:
    """Variance of each process of TIMES that together give the errors' autocorrelation.

    Non-negative least squares on the autocorrelation over lags up to half the horizon.
    """
    lags = np.arange(max(white.shape[1] // 2, 1))
    hours = white.shape[1]
    products = np.stack(
        [np.mean(white[:, : hours - lag] * white[:, lag:], axis=(0, 1)) for lag in lags]
    )
    design = np.exp(-lags[:, None] / np.asarray(TIMES))
    shares = np.stack([nnls(design, column / column[0])[0] for column in products.T])
    total = shares.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, shares / np.maximum(total, 1e-12), 1 / len(TIMES)))
