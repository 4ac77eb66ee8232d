"""Windows of a panel: scaled by their own past, right-aligned, blind to the future."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray, Windows
from models.monthly.pool import Pooled
from models.monthly.windows import CHANNELS, KNOWN, causal_scale, panel_windows, usual_level
from models.transforms.scaling import check_inputs
from tests.models.monthly.panels import seasonal_panel

NAN = np.nan


def windows(
    values: FloatArray, origin: list[int], season: int = 2, horizon: int = 2, said: float = 4.0
) -> Windows:
    """Rows of the first series; a pool that always says the same, from time 1 on."""
    pooled = Pooled(np.full((values.shape[1] - 1, len(values), horizon), said), first=1)
    series = np.zeros(len(origin), dtype=np.int64)
    return panel_windows(values, pooled, season, 3, series, np.array(origin))


def test_the_scale_is_the_mean_seasonal_difference_so_far() -> None:
    scale = causal_scale(np.array([[1.0, 2.0, 4.0, 8.0]]), season=2)
    # One before two steps are known (then the single step, 1), 3, mean of 3 and 6.
    np.testing.assert_allclose(scale, [[1.0, 1.0, 3.0, 4.5]])


def test_a_series_that_never_moved_has_the_scale_one() -> None:
    np.testing.assert_array_equal(causal_scale(np.full((1, 4), 7.0), season=2), np.ones((1, 4)))


def test_a_season_that_repeats_exactly_is_scaled_by_its_single_steps() -> None:
    scale = causal_scale(np.array([[1.0, 3.0, 1.0, 3.0]]), season=2)
    np.testing.assert_array_equal(scale[:, -1], [2.0])


def test_the_usual_level_is_the_mean_of_the_newest_season() -> None:
    usual = usual_level(np.array([[NAN, 2.0, 4.0, 8.0]]), season=2)
    np.testing.assert_array_equal(usual, [[0.0, 2.0, 3.0, 6.0]])


def test_outcomes_after_the_newest_time_are_missing() -> None:
    rows = windows(np.array([[1.0, 2.0, 4.0, 8.0]]), [1, 2, 3])
    np.testing.assert_array_equal(rows.target, [[4.0, 8.0], [8.0, NAN], [NAN, NAN]])


def test_reference_and_scale_are_those_of_the_origin() -> None:
    rows = windows(np.array([[1.0, 2.0, 4.0, 8.0]]), [2, 3])
    np.testing.assert_array_equal(rows.reference, np.full((2, 2), 4.0))
    np.testing.assert_array_equal(rows.scale, [[3.0, 3.0], [4.5, 4.5]])


def test_known_features_are_in_scales() -> None:
    rows = windows(np.array([[1.0, 2.0, 4.0, 8.0]]), [3])
    # Scale 4.5, usual level 6, reference 4; one season before the leads: 4, 8; two: 1, 2.
    np.testing.assert_allclose(rows.known_column("reference")[0], (4.0 - 6.0) / 4.5)
    np.testing.assert_allclose(rows.known_column("season_1")[0], [0.0, 4.0 / 4.5])
    np.testing.assert_allclose(rows.known_column("season_2")[0], [-3.0 / 4.5, -2.0 / 4.5])
    np.testing.assert_allclose(rows.known_column("last")[0], 4.0 / 4.5)
    assert rows.known_names == KNOWN


def test_channels_are_surprises_seasonal_differences_and_levels() -> None:
    rows = windows(np.array([[1.0, 2.0, 4.0, 8.0]]), [3])
    newest = dict(zip(CHANNELS, rows.past()[0, -1], strict=True))
    assert newest["surprise"] == np.float32((8.0 - 4.0) / 4.5)
    assert newest["seasonal_difference"] == np.float32((8.0 - 2.0) / 4.5)
    assert newest["above_usual"] == np.float32((8.0 - 6.0) / 4.5)
    assert newest["known"] == 1.0


def test_outliers_in_targets_are_held_within_twenty_scales() -> None:
    rows = windows(np.array([[1.0, 2.0, 3.0, 1e6]]), [2])
    assert rows.target[0, 0] == 4.0 + 20 * 2.0


def test_inputs_are_finite_where_series_have_not_begun_or_have_gaps() -> None:
    values = seasonal_panel(3, 30)
    values[1, 10:14] = NAN
    pooled = Pooled(np.ones((25, 3, 2)), first=5)
    series, origin = np.nonzero(np.ones((3, 30)))
    kept = origin >= 5
    rows = panel_windows(values, pooled, 6, 8, series[kept], origin[kept])
    check_inputs(rows)
    assert np.isfinite(rows.known).all()


def test_the_future_does_not_change_a_row() -> None:
    values = seasonal_panel(3, 30)
    changed = values.copy()
    changed[:, 21:] += 50.0
    one, other = (windows(v, [20], season=6) for v in (values, changed))
    np.testing.assert_array_equal(one.past(), other.past())
    np.testing.assert_array_equal(one.known, other.known)
    np.testing.assert_array_equal(one.scale, other.scale)
