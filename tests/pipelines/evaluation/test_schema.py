"""The table of forecasts: what it takes, what it refuses, what it hands out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from pipelines.evaluation.schema import FORECAST_SCHEMA, check_table, groups, in_scope
from tests.pipelines.evaluation.tables import many_origins, one_origin


def test_rows_have_the_stated_columns_and_types() -> None:
    table = one_origin([1.0, 2.0], [1.5, 1.5])
    assert dict(table.schema) == FORECAST_SCHEMA
    assert check_table(table.select(reversed(table.columns))).columns == list(FORECAST_SCHEMA)


def test_rows_without_outcome_are_left_out() -> None:
    table = one_origin([1.0, np.nan, 3.0], [1.0, np.nan, 3.0])
    assert table["series"].to_list() == ["s000", "s002"]


def test_no_rows_still_make_a_table() -> None:
    table = one_origin([np.nan], [1.0])
    assert dict(table.schema) == FORECAST_SCHEMA
    assert table.height == 0


def test_a_forecast_that_is_not_finite_is_named() -> None:
    with pytest.raises(DataError, match=r"'a', rolling 6, series 's001', origin 2001-01"):
        one_origin([1.0, 2.0], [1.0, np.nan])


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(DataError, match="positive scale"):
        one_origin([1.0], [1.0], mase_scale=np.zeros(1))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (one_origin([1.0], [1.0]).drop("y"), "column 'y' is missing"),
        (one_origin([1.0], [1.0]).cast({"horizon": pl.Int64}), "'horizon': expected Int32"),
        (one_origin([np.nan], [1.0]), "no rows"),
    ],
)
def test_other_tables_are_refused(table: pl.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_table(table)


def test_a_group_is_ordered_by_origin_and_series() -> None:
    table = many_origins(np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 2)))
    (group,) = groups(table.reverse())
    assert group.origins == ("2001-01", "2001-04")
    np.testing.assert_array_equal(group.origin_index, [0, 3])
    np.testing.assert_array_equal(group.date, [0, 0, 1, 1])
    np.testing.assert_array_equal(group.y, [1.0, 2.0, 3.0, 4.0])
    assert list(group.series) == ["s000", "s001"] * 2
    assert group.quantiles.shape == (4, 39)
    assert len(group) == 4


def test_the_mean_by_origin_counts_the_series_of_each() -> None:
    table = many_origins(np.array([[1.0, np.nan], [3.0, 5.0]]), np.zeros((2, 2)))
    (group,) = groups(table)
    np.testing.assert_array_equal(group.mean_by_origin(group.y), [1.0, 4.0])


def test_a_model_of_the_sample_is_compared_on_the_sample_only() -> None:
    chosen = np.array([True, False, False])
    wide = one_origin([1.0, 2.0, 3.0], [0.0] * 3, sample=chosen)
    slow = one_origin([1.0], [0.0], sample=np.array([True]), model="slow")
    table = pl.concat([wide, slow])
    assert in_scope(table, sample=False)["model"].to_list() == ["a"] * 3
    assert in_scope(table, sample=True)["model"].to_list() == ["a", "slow"]


def test_on_a_table_of_the_sample_alone_all_is_the_sample() -> None:
    slow = one_origin([1.0], [0.0], sample=np.array([True]), model="slow")
    assert in_scope(slow, sample=False).equals(slow)
