"""Weights and columns worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.density.regrid import (
    OutOfReach,
    Reach,
    latitude_weights,
    local_time_weights,
    to_heights,
)


def test_columns_are_log_linear_and_go_on_straight_at_both_ends() -> None:
    height = np.array([[100.0, 200.0, 300.0], [100.0, 150.0, 400.0]])
    values = np.array([[-6.0, -8.0, -9.0], [-6.0, -7.0, -12.0]])
    targets = np.array([97.0, 100.0, 175.0, 310.0])
    result = to_heights(values, height, targets, Reach(below=5.0, above=20.0))
    assert result[0] == pytest.approx([-5.94, -6.0, -7.5, -9.1])
    assert result[1] == pytest.approx([-5.94, -6.0, -7.5, -10.2])


@pytest.mark.parametrize(("target", "side"), [(94.0, "below"), (321.0, "above")])
def test_beyond_reach_the_column_is_named(target: float, side: str) -> None:
    height = np.array([[100.0, 200.0, 330.0], [100.0, 150.0, 300.0]])
    with pytest.raises(OutOfReach) as caught:
        to_heights(np.zeros((2, 3)), height, np.array([target, 150.0]), Reach(5.0, 20.0))
    error = caught.value
    assert error.column == ((0,) if side == "below" else (1,))
    assert (error.low, error.high) == (100.0, 330.0 if side == "below" else 300.0)


def test_latitudes_are_linear_and_the_outermost_circle_holds_to_the_pole() -> None:
    weights = latitude_weights(np.array([-60.0, 0.0, 60.0]), np.array([-90.0, -60.0, 15.0, 90.0]))
    assert weights.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0.75, 0.25], [0, 0, 1]]


def test_local_times_are_meridians_turned_by_the_hour_and_the_circle_is_closed() -> None:
    longitude = np.array([-180.0, -90.0, 0.0, 90.0])
    noon, six = np.array([12.0]), np.array([6.0])
    # At 00 UT it is 12 o'clock at 180 degrees, at 12 UT at 0, at 03 UT it is 6 at 45.
    assert local_time_weights(longitude, 0.0, noon).tolist() == [[1, 0, 0, 0]]
    assert local_time_weights(longitude, 12.0, noon).tolist() == [[0, 0, 1, 0]]
    assert local_time_weights(longitude, 3.0, six).tolist() == [[0, 0, 0.5, 0.5]]
    # At 03 UT it is 12 o'clock at 135 degrees, between 90 and 180 = -180.
    assert local_time_weights(longitude, 3.0, noon).tolist() == [[0.5, 0, 0, 0.5]]
