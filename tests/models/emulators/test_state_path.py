"""Paths drawn from the distribution of the reduced state."""

from __future__ import annotations

import numpy as np
import pytest

from models.emulators.error_model import TIMES, ErrorModel
from models.emulators.state_path import StatePath
from models.errors import ModelError

COVARIANCE = np.array([[1.0, 0.6], [0.6, 2.0]])


def path(hours: int = 40) -> StatePath:
    shares = np.zeros((2, len(TIMES)))
    shares[:, TIMES.index(6.0)] = 1.0
    mean = np.stack([np.arange(hours), -np.arange(hours)], axis=1).astype(float)
    covariance = np.broadcast_to(COVARIANCE, (hours, 2, 2)).copy()
    start = np.datetime64("2003-11-18T00", "h")
    return StatePath(start, mean, covariance, ErrorModel(np.eye(2), shares), np.ones(hours))


def test_samples_have_the_mean_the_covariance_and_the_memory_of_the_errors() -> None:
    paths = path().sample(6000, seed=0) - path().mean
    assert np.abs(paths.mean(axis=0)).max() < 0.08
    assert np.allclose(np.cov(paths[:, 20].T), COVARIANCE, atol=0.1)
    lagged = np.corrcoef(paths[:, 20, 0], paths[:, 26, 0])[0, 1]
    assert np.isclose(lagged, np.exp(-1), atol=0.04)


def test_the_same_seed_draws_the_same_paths() -> None:
    assert np.array_equal(path().sample(5, seed=3), path().sample(5, seed=3))
    assert not np.array_equal(path().sample(5, seed=3), path().sample(5, seed=4))


def test_sigma_points_have_exact_mean_and_covariance() -> None:
    points, weights = path().sigma_points()
    assert points.shape == (4, 40, 2)
    apart = points - path().mean
    assert np.allclose(np.einsum("p,phi->hi", weights, points), path().mean)
    assert np.allclose(np.einsum("p,phi,phj->hij", weights, apart, apart)[7], COVARIANCE, rtol=1e-4)


def test_an_epoch_outside_the_hours_is_refused_with_the_hours() -> None:
    late = np.array(["2003-11-18T01:30", "2003-11-20T00:00"], dtype="datetime64[s]")
    assert path().hours_since_start(late[:1])[0] == 1.5
    with pytest.raises(ModelError, match="of point 1: expected 2003-11-18T00:00 to 2003-11-19T15"):
        path().hours_since_start(late)
