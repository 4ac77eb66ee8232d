"""The pool weighs forecasters by what they got right, never by what is still to come."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.monthly.pool import PoolConfig, Pooled, pool
from models.monthly.smoothers import GridConfig
from tests.models.monthly.panels import seasonal_panel

SMALL = PoolConfig(GridConfig(levels=(0.1, 0.5, 1.0), trends=((0.0, 0.0), (0.1, 0.9))))


def pooled(values: FloatArray, season: int = 6, horizon: int = 4, first: int = 5) -> Pooled:
    return pool(values, np.ones(len(values)), season, horizon, first, SMALL)


def test_no_origin_reads_what_comes_after_it() -> None:
    values = seasonal_panel()
    changed = values.copy()
    changed[:, 50:] *= 1.5
    # The choice among candidates alone is made at the end: fix it by having one.
    one = PoolConfig(SMALL.grid, (0.05,), (30.0,))
    before, after = (pool(v, np.ones(len(v)), 6, 4, 5, one).forecasts for v in (values, changed))
    np.testing.assert_array_equal(before[: 50 - 5], after[: 50 - 5])
    assert (before[50 - 5 :] != after[50 - 5 :]).any()


def test_a_clean_season_is_forecast_almost_exactly() -> None:
    values = np.tile([10.0, 20.0, 30.0, 20.0], (5, 12))
    forecast = pooled(values, season=4).forecasts[-1]
    np.testing.assert_allclose(forecast, np.tile([10.0, 20.0, 30.0, 20.0], (5, 1)), rtol=0.02)


def test_a_random_walk_is_forecast_near_its_last_value() -> None:
    walk = 1000 + np.random.default_rng(0).normal(size=(20, 80)).cumsum(axis=1)
    forecast = pooled(walk, season=1, horizon=2).forecasts[-1]
    last, mean = walk[:, -1:], walk.mean(axis=1, keepdims=True)
    assert np.abs(forecast - last).mean() < 0.3 * np.abs(forecast - mean).mean()


def test_forecasts_are_found_by_series_and_origin() -> None:
    found = Pooled(np.arange(12.0).reshape(3, 2, 2), first=10)
    np.testing.assert_array_equal(found.at(np.array([1, 0]), np.array([10, 12])), [[2, 3], [8, 9]])


def test_without_any_outcome_all_forecasters_count_the_same() -> None:
    forecast = pooled(np.array([[5.0, 5.0, 5.0]]), season=1, horizon=3, first=2).forecasts
    # All say five, but for the rule that always says zero.
    assert np.all((forecast > 3.5) & (forecast < 5.0))


def test_progress_is_told_to_the_last_step() -> None:
    told: list[tuple[int, int]] = []
    pool(seasonal_panel(2, 20), np.ones(2), 6, 2, 5, SMALL, lambda *now: told.append(now))
    assert told[-1] == (20, 20)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_the_values_does_not_matter(scale: float) -> None:
    values = seasonal_panel(4, 40)
    plain = pool(values, np.ones(4), 6, 3, 5, SMALL).forecasts[-1]
    scaled = pool(values * scale, np.full(4, scale), 6, 3, 5, SMALL).forecasts[-1]
    np.testing.assert_allclose(scaled, plain * scale, rtol=1e-3)
