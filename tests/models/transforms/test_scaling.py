"""Standardisation: worked numbers, constants, outliers, and which cells it is fitted on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.errors import ModelError
from models.transforms.scaling import LIMIT, Standardiser, WindowScaling, cells_read
from tests.models.forecasters.signals import ar_windows


def test_two_samples_become_minus_one_and_one() -> None:
    samples = np.array([[1.0, 10.0], [3.0, 30.0]])
    found = Standardiser.fit(samples).transform(samples)
    np.testing.assert_allclose(found, [[-1, -1], [1, 1]])
    assert found.dtype == np.float32


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e9])
def test_a_constant_column_becomes_zero_whatever_comes_later(constant: float) -> None:
    fitted = Standardiser.fit(np.full((7, 1), constant))
    np.testing.assert_array_equal(fitted.transform(np.array([[constant], [5.0]])), 0.0)


def test_values_far_outside_are_held() -> None:
    fitted = Standardiser.fit(np.array([[-1.0], [1.0]]))
    np.testing.assert_array_equal(fitted.transform(np.array([[1e9], [-1e9]])), [[LIMIT], [-LIMIT]])


def test_without_samples_nothing_changes() -> None:
    np.testing.assert_array_equal(Standardiser.fit(np.empty((0, 2))).transform(np.ones(2)), 1.0)


def test_switched_off_nothing_changes() -> None:
    windows = ar_windows()
    scaling = WindowScaling.fit(windows, active=False)
    np.testing.assert_array_equal(scaling.channels.transform(windows.channels), windows.channels)


def test_only_cells_inside_windows_are_read() -> None:
    windows = ar_windows(series=2, times=10, lookback=3, horizons=(1,))
    picked = windows.select((windows.series == 1) & np.isin(windows.origin, [2, 4]))
    cells = cells_read(picked)
    assert not cells[0].any()
    np.testing.assert_array_equal(np.nonzero(cells[1])[0], [0, 1, 2, 3, 4])


def test_values_after_the_last_training_window_change_no_statistic() -> None:
    windows = ar_windows()
    early = windows.select(windows.origin < 50)
    later = early.channels.copy()
    later[:, 50:] = np.nan
    before, after = WindowScaling.fit(early), WindowScaling.fit(replace(early, channels=later))
    for name, array in before.arrays().items():
        np.testing.assert_array_equal(array, after.arrays()[name])


def test_a_known_feature_that_is_not_finite_is_named() -> None:
    windows = ar_windows()
    known = windows.known.copy()
    known[3, 1, 0] = np.inf
    with pytest.raises(ModelError, match="got inf at row 3, lead h2, feature 'newest'; fill"):
        WindowScaling.fit(replace(windows, known=known))
    with pytest.raises(ModelError, match="feature 0"):
        WindowScaling.fit(replace(windows, known=known, known_names=()))
