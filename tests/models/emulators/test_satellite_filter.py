"""The Kalman filter, against a regression on all samples at once."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.emulators.satellite_filter import Processes, advanced, forecast, prior, run

NEVER = np.inf


def one(variance: float, memory: float) -> Processes:
    return Processes(np.array([[variance]]), np.array([[memory]]))


def passed(value: FloatArray, noise: float, processes: Processes, group: list[int] | None = None):  # type: ignore[no-untyped-def]
    count = len(value)
    return run(
        prior(processes, 0.0),
        processes,
        np.arange(count, dtype=np.float64),
        np.ones((count, 1)),
        value,
        np.full((len(processes.variance), count), noise),
        np.arange(count) if group is None else np.array(group),
        np.ones(count, dtype=bool),
    )


def test_a_constant_is_the_shrunken_mean_of_what_was_read() -> None:
    result = passed(np.array([1.0, 2.0, 3.0]), 1.0, one(1.0, NEVER))
    # Prior precision 1, three measurements of precision 1: 6 / 4 and 1 / 4.
    assert np.allclose(result.belief.mean, 1.5)
    assert np.allclose(result.belief.covariance, 0.25)
    assert np.allclose(result.mean, [[0.0, 0.5, 1.0]])


def test_a_belief_fades_to_the_prior() -> None:
    processes = one(4.0, 10.0)
    belief = passed(np.array([1.0]), 1.0, processes).belief
    later = advanced(belief, processes, 10.0)
    assert np.allclose(later.mean, belief.mean * np.exp(-1.0))
    kept = np.exp(-2.0)
    assert np.allclose(later.covariance, belief.covariance * kept + 4.0 * (1.0 - kept))
    assert np.allclose(advanced(belief, processes, 1e4).covariance, 4.0)


def test_the_spread_of_a_forecast_grows_with_lead_up_to_the_prior() -> None:
    processes = one(4.0, 10.0)
    belief = passed(np.array([1.0]), 0.1, processes).belief
    _, variance = forecast(belief, processes, np.array([1.0, 5.0, 30.0, 1e4]), np.ones((4, 1)))
    assert (np.diff(variance[0]) > 0).all()
    assert np.allclose(variance[0, -1], 4.0)


def test_rows_of_a_group_do_not_see_each_other() -> None:
    result = passed(np.array([5.0, 5.0, 5.0]), 1.0, one(100.0, NEVER), group=[0, 0, 1])
    assert np.allclose(result.mean[0, :2], 0.0)
    assert result.mean[0, 2] > 4.5


def test_the_filter_gives_the_regression_of_a_gaussian_process() -> None:
    random = np.random.default_rng(0)
    count, noise = 12, 0.3
    value = random.normal(size=count)
    days = np.arange(count, dtype=np.float64)
    kernel = 2.0 * np.exp(-np.abs(days[:, None] - days[None, :]) / 3.0)
    whole = kernel[:-1, :-1] + noise * np.eye(count - 1)
    expected = kernel[-1, :-1] @ np.linalg.solve(whole, value[:-1])
    variance = kernel[-1, -1] - kernel[-1, :-1] @ np.linalg.solve(whole, kernel[:-1, -1])
    result = passed(value, noise, one(2.0, 3.0))
    assert np.allclose(result.mean[0, -1], expected)
    assert np.allclose(result.variance[0, -1], variance)


def test_many_settings_at_once_give_what_each_gives_alone() -> None:
    value = np.random.default_rng(0).normal(size=8)
    both = Processes(np.array([[1.0], [4.0]]), np.array([[2.0], [9.0]]))
    result = passed(value, 0.5, both)
    for index, processes in enumerate((one(1.0, 2.0), one(4.0, 9.0))):
        alone = passed(value, 0.5, processes)
        assert np.allclose(result.loss[index], alone.loss[0])
        assert np.allclose(result.mean[index], alone.mean[0])


def test_an_outlier_is_believed_less() -> None:
    wild = passed(np.array([0.0, 100.0]), 1.0, one(1.0, NEVER)).belief.mean[0, 0]
    # Taken at its word it would pull the mean to 100 / 3.
    assert 0.0 < wild < 10.0


def test_what_is_not_read_is_not_looked_at() -> None:
    processes = one(1.0, NEVER)
    days, rows, noise = np.arange(3.0), np.ones((3, 1)), np.ones((1, 3))
    read = np.array([True, False, True])
    for hidden in (0.0, 1e9):
        result = run(
            prior(processes, 0.0), processes, days, rows,
            np.array([1.0, hidden, 1.0]), noise, np.arange(3), read,
        )  # fmt: skip
        assert np.allclose(result.belief.mean, 2.0 / 3.0)
