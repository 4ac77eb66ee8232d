"""What is learnt from the errors of rollouts."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.emulators.error_model import ErrorModel, factors
from models.errors import ModelError
from models.rollouts import RolloutForecast


def persistent(rows: int = 400, hours: int = 60, time: float = 24.0, seed: int = 0) -> FloatArray:
    """Errors of two components that fade to 1/e in `time` hours; the second is three times
    the first with some of its own."""
    random = np.random.default_rng(seed)
    keep = np.exp(-1 / time)
    noise = random.standard_normal((rows, hours, 2))
    out = noise.copy()
    for hour in range(1, hours):
        out[:, hour] = keep * out[:, hour - 1] + np.sqrt(1 - keep**2) * noise[:, hour]
    return np.stack([out[..., 0], 3 * (0.8 * out[..., 0] + 0.6 * out[..., 1])], axis=-1)


def too_narrow(errors: FloatArray) -> tuple[RolloutForecast, FloatArray]:
    """A forecast of zero that believes in unit spread and no correlation, and what came."""
    covariance = np.broadcast_to(np.eye(2), (*errors.shape, 2)).copy()
    return RolloutForecast(np.zeros_like(errors), covariance), errors


def test_size_and_correlation_of_errors_are_repaired() -> None:
    forecast, outcome = too_narrow(0.5 * persistent())
    repaired = ErrorModel.fit(forecast, outcome).applied(forecast).covariance[0, 0]
    assert np.allclose(repaired, 0.25 * np.array([[1.0, 2.4], [2.4, 9.0]]), rtol=0.1)


def test_the_autocorrelation_of_errors_is_found() -> None:
    model = ErrorModel.fit(*too_narrow(persistent(rows=1500)))
    found = model.autocorrelation(np.array([0.0, 6.0, 24.0]))
    assert np.allclose(found, np.exp(-np.array([[0.0, 6.0, 24.0]] * 2) / 24), atol=0.06)


def test_one_storm_does_not_set_the_width_of_all_hours() -> None:
    errors = persistent()
    forecast, _ = too_narrow(errors)
    wild = errors.copy()
    wild[0, :5] *= 1000
    calm, stormy = ErrorModel.fit(forecast, errors), ErrorModel.fit(forecast, wild)
    assert np.allclose(calm.moment, stormy.moment, rtol=0.05)


def test_few_rollouts_are_refused() -> None:
    with pytest.raises(ModelError, match="3 validation rollouts: expected 5 or more"):
        ErrorModel.fit(*too_narrow(persistent(rows=3)))


def test_it_comes_back_from_its_arrays() -> None:
    model = ErrorModel.fit(*too_narrow(persistent()))
    again = ErrorModel.from_arrays(model.arrays())
    assert np.array_equal(model.moment, again.moment)
    assert np.array_equal(model.shares, again.shares)


def test_a_factor_times_itself_is_the_covariance() -> None:
    covariance = np.array([[4.0, 1.0], [1.0, 2.0]])
    factor = factors(covariance)
    assert np.allclose(factor @ factor.T, covariance, rtol=1e-5)
