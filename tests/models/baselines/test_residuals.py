"""The predictive distribution is the point plus the pooled errors of training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.baselines.residuals import around, each_lead, error_quantiles, scale_of
from models.contract import LEVELS
from models.errors import ModelError
from tests.models.baselines.panels import windows_of

MEDIAN = LEVELS.index(0.5)


def test_the_median_error_is_that_of_the_rows() -> None:
    windows = windows_of([[0.0, 1.0, 2.0, 9.0]], lookback=1)
    # One step ahead against zero: errors 1, 2, 9; the last row has no outcome.
    assert error_quantiles(windows, np.zeros((4, 1)))[0, MEDIAN] == 2.0


def test_each_origin_date_counts_the_same_however_many_series_it_has() -> None:
    nan = float("nan")
    windows = windows_of([[0, 1, 5], [0, 1, nan], [0, 1, nan], [0, 1, nan]], lookback=1)
    quantiles = error_quantiles(windows, np.zeros((12, 1)))[0]
    # Date 0 has the error 1 four times, date 1 the error 5 once: half of the weight each.
    # Mid-points of the steps: 1 at 7/16, 5 at 3/4; the median lies a fifth of the way.
    assert quantiles[MEDIAN] == pytest.approx(1.0 + 4.0 * (1 / 16) / (5 / 16))


def test_errors_are_pooled_in_units_of_the_scale() -> None:
    windows = windows_of([[0.0, 1.0], [0.0, 100.0]], lookback=1)
    scaled = replace(windows, scale=np.array([[1.0], [1.0], [100.0], [100.0]]))
    quantiles = error_quantiles(scaled, np.zeros((4, 1)))
    assert quantiles[0].tolist() == [1.0] * len(LEVELS)
    forecast = around(scaled, np.zeros((4, 1)), quantiles)
    assert forecast.quantiles[:, 0, MEDIAN].tolist() == [1.0, 1.0, 100.0, 100.0]


def test_the_scale_is_one_where_none_is_set() -> None:
    assert scale_of(windows_of([[0.0, 1.0]], lookback=1)).tolist() == [[1.0], [1.0]]


def test_a_lead_without_an_outcome_is_named() -> None:
    windows = windows_of([[1.0, 2.0]], horizons=(1, 5), lookback=1)
    with pytest.raises(ModelError, match="lead value_5: none of 2 training rows has an outcome"):
        each_lead(windows, lambda lead, _rows: np.array(lead))
