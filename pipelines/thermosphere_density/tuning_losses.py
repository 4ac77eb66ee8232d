"""Losses that tuning of the density emulator can minimise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.contract import FloatArray
from models.errors import ConfigError
from models.rollouts import RolloutForecast
from models.transforms.principal_components import PrincipalComponents

#: Cells whose density is judged.
CELLS = 300
#: (forecast, components, true state) -> loss.
Loss = Callable[[RolloutForecast, PrincipalComponents, FloatArray], float]


def nlpd(forecast: RolloutForecast, components: PrincipalComponents, state: FloatArray) -> float:
    """Mean negative log density of the standardised state, per component."""
    scale = np.sqrt(components.variance)
    rank = len(scale)
    missed = ((state - forecast.mean) / scale).reshape(-1, rank)
    covariance = (forecast.covariance / (scale[:, None] * scale)).reshape(-1, rank, rank)
    factor = np.linalg.cholesky(covariance.astype(np.float64))
    whitened = np.linalg.solve(factor, missed[..., None])[..., 0]
    log_det = np.log(np.einsum("hii->hi", factor)).mean()
    return float(0.5 * np.mean(whitened**2) + log_det + 0.5 * np.log(2 * np.pi))


def mape(forecast: RolloutForecast, components: PrincipalComponents, state: FloatArray) -> float:
    """Mean absolute percentage error of density on some cells, against the reduced truth."""
    cells = np.unique(np.linspace(0, len(components.mean) - 1, CELLS).astype(int))
    error = (forecast.mean - state) @ components.basis[cells].T
    return float(100.0 * np.mean(np.abs(np.expm1(np.log(10.0) * error))))


LOSSES: dict[str, Loss] = {"nlpd": nlpd, "mape": mape}


def check_loss(loss: str) -> None:
    """Raise ConfigError for a loss that is none."""
    if loss not in LOSSES:
        raise ConfigError(f"loss: expected one of {', '.join(LOSSES)}, got {loss!r}")
