"""Scores of forecast fields, against the same worked out another way."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import norm

from models.emulators.grid import Grid
from models.emulators.log_density import Shape
from pipelines.thermosphere_density.scoring import (
    CELL_STEP,
    COVERAGES,
    Bands,
    kp_classes,
    score_hours,
    segment_row,
)

GRID = Grid.regular(6, 4, 4)
BANDS = Bands.of(GRID, (100.0, 200.0, 450.0))


def table(sums: dict[str, np.ndarray]) -> pl.DataFrame:  # type: ignore[type-arg]
    hours, bands = sums["ape"].shape
    return pl.DataFrame(
        {"hour": np.repeat(np.arange(hours), bands), **{k: v.ravel() for k, v in sums.items()}}
    )


def test_bands_hold_the_levels_between_their_edges() -> None:
    # Levels of the grid: 100, 216.7, 333.3, 450 km.
    assert BANDS.names == ("100-200 km", "200-450 km")
    assert BANDS.of_cell.reshape(GRID.shape)[0, 0].tolist() == [0, 1, 1, 1]


def test_percentage_errors_are_those_of_density_and_not_of_its_logarithm() -> None:
    truth = np.full((3, GRID.cells), -12.0)
    mean = truth + np.log10(1.1)
    row = segment_row(table(score_hours(mean, np.ones_like(mean), truth, BANDS, Shape())))
    assert np.isclose(row["mape"], 10.0, rtol=1e-5)
    assert np.isclose(row["bias_log10"], -np.log10(1.1), rtol=1e-5)
    assert row["hours"] == 3


def test_density_score_and_crps_are_those_of_the_normal_law() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(-12, 0.1, (40, GRID.cells))
    mean, std = np.full_like(truth, -12.02), np.full_like(truth, 0.08)
    row = segment_row(table(score_hours(mean, std, truth, BANDS, Shape())))
    some = truth[:, ::CELL_STEP]
    u = (some + 12.02) / 0.08
    crps = 0.08 * (u * (2 * norm.cdf(u) - 1) + 2 * norm.pdf(u) - 1 / np.sqrt(np.pi))
    assert np.isclose(row["nlpd"], -norm.logpdf(some, -12.02, 0.08).mean(), rtol=1e-5)
    assert np.isclose(row["crps"], crps.mean(), rtol=0.01)


def test_a_forecast_that_knows_its_spread_is_calibrated_and_a_narrow_one_is_not() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(-12, 0.1, (400, GRID.cells))
    mean = np.full_like(truth, -12.0)
    right = segment_row(table(score_hours(mean, mean * 0 + 0.1, truth, BANDS, Shape())))
    narrow = segment_row(table(score_hours(mean, mean * 0 + 0.05, truth, BANDS, Shape())))
    assert right["calibration_error_score"] < 1.0
    wanted = [2 * norm.cdf(0.5 * norm.ppf(0.5 + p / 2)) - 1 for p in COVERAGES]
    score = 100 * np.mean([abs(w - p) for w, p in zip(wanted, COVERAGES, strict=True)])
    assert np.isclose(narrow["calibration_error_score"], score, atol=1.0)
    assert np.isclose(right["coverage"]["0.9"], 0.9, atol=0.01)


def test_hours_of_high_kp_make_two_days_before_and_three_after_their_class() -> None:
    kp = np.zeros(400)
    kp[100], kp[300] = 5.0, 7.3
    classes = kp_classes(kp)
    assert classes[51] == 0
    assert classes[52] == classes[172] == 1
    assert classes[173] == 0
    assert classes[252] == classes[372] == 2
    assert classes[373] == 0


def test_a_strong_storm_is_not_called_moderate() -> None:
    kp = np.zeros(300)
    kp[150], kp[160] = 8.0, 5.5
    classes = kp_classes(kp)
    assert classes[150] == classes[222] == 2
    assert classes[223] == classes[232] == 1
