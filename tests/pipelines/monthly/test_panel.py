"""A long file becomes right-aligned series; what cannot be used is named in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from pipelines.monthly.panel import data_hash, read_panel
from tests.pipelines.monthly.files import write_csv, write_long

NAN = np.nan


def test_series_are_right_aligned_and_sorted_by_name(tmp_path: Path) -> None:
    panel = read_panel(write_csv(tmp_path, ["b,0,1", "b,1,2", "b,2,3", "a,7,9"]))
    assert panel.names == ("a", "b")
    np.testing.assert_array_equal(panel.values, [[NAN, NAN, 9.0], [1.0, 2.0, 3.0]])


def test_rows_may_come_in_any_order(tmp_path: Path) -> None:
    panel = read_panel(write_csv(tmp_path, ["a,2,3", "a,0,1", "a,1,2"]))
    np.testing.assert_array_equal(panel.values, [[1.0, 2.0, 3.0]])


def test_empty_values_are_gaps_and_gaps_at_the_ends_are_cut_off(tmp_path: Path) -> None:
    panel = read_panel(write_csv(tmp_path, ["a,0,", "a,1,1", "a,2,NA", "a,3,3", "a,4,"]))
    np.testing.assert_array_equal(panel.values, [[1.0, NAN, 3.0]])


def test_a_missing_step_is_a_gap(tmp_path: Path) -> None:
    panel = read_panel(write_csv(tmp_path, ["a,0,1", "a,1,2", "a,3,4"]))
    np.testing.assert_array_equal(panel.values, [[1.0, 2.0, NAN, 4.0]])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,0,1", "a,1,lots"], "row 3, column 'value': expected a finite number, got 'lots'"),
        (["a,0,1", "a,1,inf"], "row 3, column 'value': expected a finite number, got 'inf'"),
        (["a,0,x", "a,1,y"], "row 2, column 'value': expected a finite number, got 'x' (2 such"),
        ([",0,1"], "row 2, column 'series': expected a name, got nothing"),
        (["a,,1"], "row 2, column 't': expected a whole number or a date, got nothing"),
        (["a,0,1", "b,0,2", "a,0,3"], "row 4: series 'a' has a second value at t = 0; keep one"),
        (["a,0.5,1"], "column 't':"),
        (["a,0,"], "no values; expected rows of series, t and value"),
        ([], "no values; expected rows of series, t and value"),
        (["a,1,1", "a,2,2", "a,1000,3"], "column 't': series 'a' has 3 values over 1000 steps"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_panel(write_csv(tmp_path, lines))
    assert message in str(caught.value)
    assert "panel.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="value is not among series, t, ret"):
        read_panel(write_csv(tmp_path, ["a,0,1"], header="series,t,ret"))


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.parquet"):
        read_panel(tmp_path / "nowhere.parquet")


def test_numeric_names_and_nan_values_of_parquet_are_read(tmp_path: Path) -> None:
    file = tmp_path / "panel.parquet"
    frame = pl.DataFrame({"series": [1, 1, 1], "t": [0, 1, 2], "value": [1.0, NAN, 3.0]})
    frame.write_parquet(file)
    panel = read_panel(file)
    assert panel.names == ("1",)
    np.testing.assert_array_equal(panel.values, [[1.0, NAN, 3.0]])


def test_the_test_part_is_the_end_of_every_series(tmp_path: Path) -> None:
    file = write_long(tmp_path, np.array([[1.0, 2, 3, 4, 5], [NAN, 6, 7, 8, 9]]))
    training, outcome = read_panel(file).hold_out(2)
    np.testing.assert_array_equal(training.values, [[1, 2, 3], [NAN, 6, 7]])
    np.testing.assert_array_equal(outcome, [[4, 5], [8, 9]])


def test_series_too_short_for_the_horizon_are_dropped(tmp_path: Path) -> None:
    file = write_long(tmp_path, np.array([[1.0, 2, 3, 4, 5], [NAN, NAN, 7, 8, 9]]))
    training, outcome = read_panel(file).hold_out(2)
    assert training.names == ("s0",)
    assert len(outcome) == 1


def test_a_gap_before_the_test_part_does_not_shift_it(tmp_path: Path) -> None:
    file = write_long(tmp_path, np.array([[1.0, 2, NAN, 4, 5], [1, 2, 3, 4, 5]]))
    training, outcome = read_panel(file).hold_out(2)
    # What is left of the first series ends at its second value: it is aligned anew.
    np.testing.assert_array_equal(training.values, [[NAN, 1, 2], [1, 2, 3]])
    np.testing.assert_array_equal(outcome[0], [4, 5])


@pytest.mark.parametrize("horizon", [4, 5, 9])
def test_a_horizon_longer_than_every_series_is_refused(tmp_path: Path, horizon: int) -> None:
    panel = read_panel(write_long(tmp_path, np.array([[1.0, 2, 3, 4, 5]])))
    with pytest.raises(DataError, match=f"expected at least {horizon + 2}"):
        panel.hold_out(horizon)


def test_the_part_that_the_file_calls_test_can_be_cut_off(tmp_path: Path) -> None:
    values = np.arange(12.0).reshape(2, 6)
    training, horizon = read_panel(write_long(tmp_path, values, test=2)).stated_training()
    assert horizon == 2
    np.testing.assert_array_equal(training.values, values[:, :4])


def test_without_a_split_everything_is_training(tmp_path: Path) -> None:
    panel = read_panel(write_long(tmp_path, np.arange(12.0).reshape(2, 6)))
    assert panel.stated_training() == (panel, 0)


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    file = write_csv(tmp_path, ["a,0,1"])
    before = data_hash(file)
    assert len(before) == 64
    assert data_hash(write_csv(tmp_path, ["a,0,2"])) != before
