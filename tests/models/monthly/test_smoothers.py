"""Smoothers follow the recursions they are named after; the first numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.contract import FloatArray
from models.monthly.smoothers import GridConfig, SmootherGrid


def only(
    level: float,
    trend: tuple[float, float] = (0.0, 0.0),
    season: float | None = None,
    drifts: tuple[float, ...] = (),
) -> GridConfig:
    """A grid of one smoother, or two with a drift."""
    return GridConfig((level,), (trend,), (season,), drifts)


def run(
    config: GridConfig,
    values: list[float],
    season: int = 1,
    horizon: int = 1,
    positive: bool = False,
) -> FloatArray:
    """Forecast one series from its end: smoother × lead."""
    grid = SmootherGrid(config, season, horizon, np.array([positive]))
    for value in values:
        grid.step(np.array([value]))
    return grid.forecast()[:, 0]


def test_a_gain_never_falls_below_one_over_the_values_seen() -> None:
    # A tiny gain therefore gives the plain mean: (4 + 6 + 8) / 3.
    assert run(only(0.001), [4.0, 6.0, 8.0])[0, 0] == pytest.approx(6.0)


def test_a_level_moves_by_its_gain_times_the_surprise() -> None:
    # 4, then 4 + 1/2 (6 - 4) = 5, then 5 + 1/2 (5.5 - 5) = 5.25.
    assert run(only(0.5), [4.0, 6.0, 5.5])[0, 0] == pytest.approx(5.25)


def test_a_trend_goes_on_damped() -> None:
    # Level 2, surprise 1, gain 1, trend 0.5: ahead 2 + 0.25, then + 0.125.
    forecast = run(only(1.0, (0.5, 0.5)), [1.0, 2.0], horizon=2)
    np.testing.assert_allclose(forecast[0], [2.25, 2.375])


def test_positive_series_are_smoothed_as_logarithms() -> None:
    # The geometric mean of 1, 2 and 4.
    assert run(only(0.001), [1.0, 2.0, 4.0], positive=True)[0, 0] == pytest.approx(2.0)


def test_a_gap_leaves_the_level_alone() -> None:
    assert run(only(0.5), [4.0, 6.0, np.nan])[0, 0] == pytest.approx(5.0)


def test_a_series_may_begin_late() -> None:
    assert run(only(0.5), [np.nan, np.nan, 3.0])[0, 0] == pytest.approx(3.0)


def test_an_outlier_moves_the_level_by_four_usual_surprises_at_most() -> None:
    # The one surprise so far was 1, so that 1000 counts as 4: level 0.5 + 4 / 2.
    assert run(only(0.5), [0.0, 1.0, 1000.0])[0, 0] == pytest.approx(2.5)


def test_a_clean_season_is_learned_and_repeated() -> None:
    forecast = run(only(0.02, season=0.0), [10.0, 20.0] * 40, season=2, horizon=2)
    np.testing.assert_allclose(forecast[0], [10.0, 20.0], atol=0.5)


def test_a_smoother_without_a_season_does_not_repeat_it() -> None:
    forecast = run(only(0.02), [10.0, 20.0] * 40, season=2, horizon=2)
    np.testing.assert_allclose(forecast[0], [15.0, 15.0], atol=0.5)


def test_theta_adds_half_the_slope_of_a_straight_line() -> None:
    # A line of slope 1; with gain 1 the level is its end, 9: ahead 9.5 and 10.
    with_drift = run(only(1.0, drifts=(0.5,)), list(range(10)), horizon=2)[1]
    np.testing.assert_allclose(with_drift, [9.5, 10.0])


def test_theta_on_a_whole_line_of_slope_goes_on_with_it_when_the_drift_is_whole() -> None:
    # The level lags behind by its age; the drift makes up for that too.
    with_drift = run(only(0.2, drifts=(1.0,)), list(range(60)), horizon=1)[1]
    np.testing.assert_allclose(with_drift, [60.0], atol=1e-3)


def test_without_a_season_the_seasonal_smoothers_are_left_out() -> None:
    config = GridConfig((0.1, 0.2), ((0.0, 0.0),), (None, 0.0, 0.3), ())
    assert len(run(config, [1.0, 2.0], season=1)) == 2
    assert len(run(config, [1.0, 2.0], season=2)) == 6


def test_all_numbers_stay_finite_on_wild_series() -> None:
    wild = np.random.default_rng(0).lognormal(0, 4, size=60).tolist()
    for positive in (False, True):
        assert np.isfinite(run(GridConfig(), wild, 12, 24, positive)).all()
