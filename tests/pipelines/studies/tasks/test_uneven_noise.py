"""Autoregressions with noise that grows, and the windows inside and outside a range."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.studies.tasks.uneven_noise import (
    inside_and_outside,
    next_value_windows,
    uneven_series,
)


def test_the_noise_grows_with_the_series() -> None:
    values = uneven_series(20, 400, seed=0)
    left = values[:, 2:] - 1.2 * values[:, 1:-1] + 0.5 * values[:, :-2]
    scaled = left / (0.2 + 0.2 * np.abs(values[:, 1:-1]))
    assert scaled.std() == pytest.approx(1.0, abs=0.03)
    quiet = np.abs(values[:, 1:-1]) < 0.2
    assert left[~quiet].std() > 1.2 * left[quiet].std()


def test_every_window_is_followed_by_its_outcome() -> None:
    values = uneven_series(3, 30, seed=1)
    windows = next_value_windows(values, 8)
    assert len(windows) == 3 * 22
    np.testing.assert_array_equal(windows.target[:, 0], values[windows.series, windows.origin + 1])
    assert windows.past().shape == (66, 8, 1)


def test_rows_inside_never_leave_the_range_and_those_outside_end_far_from_it() -> None:
    windows = next_value_windows(uneven_series(20, 200, seed=2), 8)
    inside, outside = inside_and_outside(windows, 0.6)
    assert np.abs(inside.past()).max() < 0.6
    assert np.abs(outside.past()[:, -1]).min() > 1.2
    assert len(inside) + len(outside) < len(windows)
