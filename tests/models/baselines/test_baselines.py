"""Each baseline's point forecast, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.baselines import (
    KnownPartRidge,
    KnownPartRidgeConfig,
    LastValue,
    PooledAR,
    PooledARConfig,
    PooledLeastSquares,
    SeasonalNaive,
    SeasonalNaiveConfig,
    SeriesMean,
    ShrunkenMean,
    ShrunkenMeanConfig,
)
from models.baselines.known_part_ridge import COLUMNS
from models.baselines.penalty_choice import chosen_penalty, time_split
from models.contract import LEVELS, Forecaster, Windows
from models.errors import ConfigError
from tests.models.baselines.panels import at_origin, no_rows, random_windows, windows_of


def fitted_mean(model: Forecaster, windows: Windows, series: int, origin: int) -> list[float]:
    """Point forecast of one row, fitted on all rows."""
    forecast = model.fit(windows, no_rows(windows)).predict(at_origin(windows, series, origin))
    return [round(float(value), 9) for value in forecast.mean[0]]


def test_last_value_repeats_the_newest_value_at_every_horizon() -> None:
    windows = windows_of([[1.0, 2.0, 4.0]], horizons=(1, 2), lookback=1)
    assert fitted_mean(LastValue(), windows, 0, 2) == [4.0, 4.0]


def test_the_distribution_of_last_value_is_that_of_past_changes() -> None:
    windows = windows_of([[0.0, 1.0, 3.0, 3.0]], lookback=1)
    model = LastValue().fit(windows, no_rows(windows))
    forecast = model.predict(at_origin(windows, 0, 3))
    # Changes so far: 1, 2, 0, around the newest value 3.
    assert forecast.quantiles[0, 0, LEVELS.index(0.5)] == 4.0
    assert forecast.quantiles[0, 0, 0] == 3.0
    assert forecast.quantiles[0, 0, -1] == 5.0


def test_series_mean_returns_to_the_mean_so_far() -> None:
    windows = windows_of([[1.0, 2.0, 6.0]], lookback=1)
    assert fitted_mean(SeriesMean(), windows, 0, 1) == [1.5]
    assert fitted_mean(SeriesMean(), windows, 0, 2) == [3.0]


def test_seasonal_naive_repeats_the_season() -> None:
    windows = windows_of([[1.0, 2.0, 1.5, 2.5]], horizons=(1, 2), lookback=1)
    model = SeasonalNaive(SeasonalNaiveConfig(season_length=2))
    assert fitted_mean(model, windows, 0, 3) == [1.5, 2.5]


def test_a_season_of_no_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="season_length: expected 1 or more, got 0"):
        SeasonalNaiveConfig(season_length=0)


def test_shrunken_mean_goes_half_way_when_half_of_a_deviation_lasts() -> None:
    means = [[1.0, 1.0], [3.0, 3.0]]
    windows = windows_of([[0.0, 1.5], [0.0, 2.5]], lookback=1, known={"mean": means})
    # Outcomes 1.5 and 2.5 around 2; means 1 and 3 around 2: weight 1/2.
    assert fitted_mean(ShrunkenMean(), windows, 0, 1) == [1.5]
    assert fitted_mean(ShrunkenMean(), windows, 1, 1) == [2.5]


def test_shrunken_mean_may_pull_toward_a_known_feature() -> None:
    known = {"mean": [[2.0, 2.0]], "cross_mean": [[4.0, 8.0]]}
    windows = windows_of([[0.0, 3.5]], lookback=1, known=known)
    # (3.5 - 4) / (2 - 4) = 1/4 of the way from the cross-section's mean to the own one.
    model = ShrunkenMean(ShrunkenMeanConfig(toward="cross_mean"))
    assert fitted_mean(model, windows, 0, 1) == [6.5]


@pytest.mark.parametrize(("outcome", "expected"), [(9.0, 3.0), (-5.0, 1.0)])
def test_the_weight_of_the_shrunken_mean_stays_within_zero_and_one(
    outcome: float, expected: float
) -> None:
    known = {"mean": [[3.0, 3.0]], "cross_mean": [[1.0, 1.0]]}
    windows = windows_of([[0.0, outcome]], lookback=1, known=known)
    model = ShrunkenMean(ShrunkenMeanConfig(toward="cross_mean"))
    assert fitted_mean(model, windows, 0, 1) == [expected]


def test_shrunken_mean_of_one_series_like_another_is_the_common_mean() -> None:
    windows = windows_of([[2.0, 2.0, 2.0]], lookback=1)
    assert fitted_mean(ShrunkenMean(), windows, 0, 2) == [2.0]


def test_pooled_ar_finds_the_line_through_all_series() -> None:
    # Each value is half of the one before plus one, in both series.
    windows = windows_of([[4.0, 3.0, 2.5, 2.25], [0.0, 1.0, 1.5, 1.75]], lookback=1)
    assert fitted_mean(PooledAR(), windows, 0, 3) == [2.125]
    assert fitted_mean(PooledAR(), windows, 1, 3) == [1.875]


def test_pooled_ar_reads_the_lag_where_there_is_one() -> None:
    lag = [[0.0, 1.0, 0.0, 2.0, 5.0]]
    values = [[1.0, 1.0, 3.0, 1.0, 5.0]]  # next = 1 + 2 · lag
    windows = windows_of(values, lookback=1, known={"lag": lag})
    assert fitted_mean(PooledAR(), windows, 0, 4) == [11.0]
    assert fitted_mean(PooledAR(PooledARConfig(lag=None)), windows, 0, 4) != [11.0]


def test_series_of_different_size_share_a_regression_when_a_scale_is_set() -> None:
    small, large = np.array([4.0, 3.0, 2.5, 2.25]), np.array([0.0, 1.0, 1.5, 1.75])
    windows = windows_of([small.tolist(), (1000 * large).tolist()], lookback=1)
    scale = np.where(windows.series == 0, 1.0, 1000.0)[:, None]
    scaled = windows.with_reference(np.zeros_like(scale), scale)
    assert fitted_mean(PooledAR(), scaled, 0, 3) == [2.125]
    assert fitted_mean(PooledAR(), scaled, 1, 3) == [1875.0]


def test_pooled_least_squares_reads_the_whole_look_back() -> None:
    generator = np.random.default_rng(0)
    values = np.zeros((3, 30))
    values[:, :2] = generator.normal(size=(3, 2))
    for time in range(2, 30):
        values[:, time] = 0.5 * values[:, time - 2] - 0.25 * values[:, time - 1] + 1.0
    windows = windows_of(values.tolist(), lookback=2)
    expected = 0.5 * values[1, 28] - 0.25 * values[1, 29] + 1.0
    assert fitted_mean(PooledLeastSquares(), windows, 1, 29) == [pytest.approx(expected)]


def test_pooled_least_squares_reads_the_mean_beside_the_look_back() -> None:
    mean = [[1.0, 5.0, 2.0, 4.0, 3.0]]
    windows = windows_of([[0.0, 1.0, 5.0, 2.0, 4.0]], lookback=1, known={"mean": mean})
    # The next value is the mean of now; the look-back of one says nothing.
    assert fitted_mean(PooledLeastSquares(), windows, 0, 4) == [3.0]


def test_the_ridge_reads_the_known_part() -> None:
    generator = np.random.default_rng(1)
    known = {name: generator.normal(size=(4, 60)) for name in COLUMNS}
    values = np.zeros((4, 60))
    values[:, 1:] = 2.0 * known["known_ratio"][:, :-1] + 3.0 * known["vol_24"][:, :-1]
    windows = windows_of(
        values.tolist(), lookback=1, known={k: v.tolist() for k, v in known.items()}
    )
    expected = 2.0 * known["known_ratio"][2, 59] + 3.0 * known["vol_24"][2, 59]
    assert fitted_mean(KnownPartRidge(), windows, 2, 59) == [pytest.approx(expected, abs=0.01)]


def test_a_single_penalty_is_taken_as_it_is() -> None:
    known = {name: [[0.0, 1.0, 2.0, 7.0]] for name in COLUMNS}
    windows = windows_of([[0.0, 1.0, 3.0, 8.0]], lookback=1, known=known)
    config = KnownPartRidgeConfig(columns=("last",), difference=("last", "lag"), penalties=(1.0,))
    # One regressor at 0, 1, 2 with outcomes 1, 3, 8: half of the slope 3.5 (the difference
    # is zero everywhere), through (1, 4).
    assert fitted_mean(KnownPartRidge(config), windows, 0, 3) == [4.0 + 6 * 1.75]


def test_a_law_that_turns_gets_the_largest_penalty_and_one_that_lasts_the_smallest() -> None:
    features = np.random.default_rng(2).normal(size=(200, 3))
    older, newer = time_split(np.repeat(np.arange(40), 5), 1, 0.25)
    lasting = features.sum(axis=1)
    turning, penalties = np.where(newer, -lasting, lasting), KnownPartRidgeConfig().penalties
    assert chosen_penalty(features, turning, penalties, older, newer) == 1.0
    assert chosen_penalty(features, lasting, penalties, older, newer) == 1e-4


def test_too_few_older_rows_give_the_middle_penalty() -> None:
    older, newer = time_split(np.arange(4), 1, 0.25)
    penalties = KnownPartRidgeConfig().penalties
    assert chosen_penalty(np.eye(4), np.ones(4), penalties, older, newer) == 1e-2


def test_the_older_rows_end_before_the_newer_ones_begin() -> None:
    older, newer = time_split(np.array([0, 1, 2, 3, 4, 5, 6, 7]), horizon=2, share=0.25)
    assert np.flatnonzero(older).tolist() == [0, 1, 2, 3, 4]
    assert np.flatnonzero(newer).tolist() == [6, 7]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalties": ()}, "penalties: expected positive numbers"),
        ({"penalties": (0.0, 1.0)}, "penalties: expected positive numbers"),
        ({"holdout": 1.0}, "holdout: expected a share between 0 and 1, got 1.0"),
    ],
)
def test_bad_settings_of_the_ridge_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        KnownPartRidgeConfig(**settings)  # type: ignore[arg-type]


def test_the_ridge_needs_its_columns() -> None:
    windows = random_windows()
    model = KnownPartRidge(KnownPartRidgeConfig(columns=("bill",)))
    with pytest.raises(Exception, match="no known feature 'bill'"):
        model.fit(windows, no_rows(windows))
