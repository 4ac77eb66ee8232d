"""Rows of funds become funds side by side; broken ones are told with their reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.batch.contract import FILE, ROW
from pipelines.batch.fund_columns import FundColumns
from pipelines.batch.fund_rows import FundRows, read_fund_rows
from pipelines.months import month_index

COLUMNS = FundColumns("id", "month", "ret")


def rows(*cells: tuple[Any, Any, Any], dtype: Any = pl.Float64) -> pl.DataFrame:
    schema = {"id": pl.String, "month": pl.String, "ret": dtype}
    frame = pl.DataFrame(cells, schema=schema, orient="row")
    return frame.with_columns(
        pl.lit("f.csv").alias(FILE), pl.int_range(2, 2 + len(cells)).alias(ROW)
    )


def funds(read: FundRows) -> dict[str, list[tuple[int, float]]]:
    """Months of 2020 and returns of each fund."""
    zero = month_index("2020-01") - 1
    months, ends = (read.months - zero).tolist(), read.starts
    values = read.excess.tolist()
    return {
        name: list(zip(months[a:b], values[a:b], strict=True))
        for name, a, b in zip(read.ids, ends[:-1], ends[1:], strict=True)
    }


def test_rows_become_funds_in_the_order_of_their_first_rows() -> None:
    frame = rows(("b", "2020-01", 0.1), ("b", "2020-02", 0.2), ("a", "2020-02", 0.3))
    read, rejects = read_fund_rows(frame, COLUMNS)
    assert funds(read) == {"b": [(1, 0.1), (2, 0.2)], "a": [(2, 0.3)]}
    assert rejects.is_empty()


def test_scattered_and_unsorted_rows_come_to_the_same() -> None:
    frame = rows(("b", "2020-02", 0.2), ("a", "2020-02", 0.3), ("b", "2020-01", 0.1))
    read, _ = read_fund_rows(frame, COLUMNS)
    assert funds(read) == {"b": [(1, 0.1), (2, 0.2)], "a": [(2, 0.3)]}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ((None, "2020-03", 0.1), "column 'id': expected the name of a fund, got nothing"),
        (("", "2020-03", 0.1), "column 'id': expected the name of a fund, got "),
        (
            ("a", "2020-13", 0.1),
            "column 'month': expected a month such as 2020-01 between 1800-01 and 2199-12, "
            "got 2020-13",
        ),
        (
            ("a", "2020-03", float("inf")),
            "column 'ret': expected a decimal return above -1, such as 0.0123, got inf",
        ),
        (
            ("a", "2020-03", -1.0),
            "column 'ret': expected a decimal return above -1, such as 0.0123, got -1.0",
        ),
    ],
)
def test_a_broken_row_is_a_reject_with_its_place_and_the_rest_goes_on(
    cell: tuple[Any, Any, Any], reason: str
) -> None:
    read, rejects = read_fund_rows(
        rows(("a", "2020-01", 0.1), cell, ("a", "2020-02", 0.2)), COLUMNS
    )
    assert funds(read) == {"a": [(1, 0.1), (2, 0.2)]}
    assert rejects.rows() == [("f.csv, row 3", cell[0], reason)]


def test_a_text_where_a_number_should_be_is_a_reject_and_an_empty_cell_is_not() -> None:
    frame = rows(
        ("a", "2020-01", " 0.1 "), ("a", "2020-02", "x"), ("a", "2020-03", ""), dtype=pl.String
    )
    read, rejects = read_fund_rows(frame, COLUMNS)
    assert funds(read) == {"a": [(1, 0.1)]}
    assert [(where, reason[-5:]) for where, _, reason in rejects.rows()] == [
        ("f.csv, row 3", "got x")
    ]
    empty = [("a", "2020-01", None), ("a", "2020-03", float("nan"))]
    missing, rejects = read_fund_rows(rows(*empty, ("a", "2020-02", 0.1)), COLUMNS)
    assert funds(missing) == {"a": [(2, 0.1)]}
    assert rejects.is_empty()


def test_a_row_has_one_reason_alone() -> None:
    _, rejects = read_fund_rows(rows((None, "x", float("inf"))), COLUMNS)
    assert rejects.height == 1


def test_equal_rows_for_a_month_count_once_and_different_ones_not_at_all() -> None:
    frame = rows(
        ("a", "2020-01", 0.1),
        ("a", "2020-02", 0.2),
        ("a", "2020-01", 0.1),
        ("a", "2020-02", 0.3),
        ("a", "2020-03", 0.4),
    )
    read, rejects = read_fund_rows(frame, COLUMNS)
    assert funds(read) == {"a": [(1, 0.1), (3, 0.4)]}
    assert rejects["where"].to_list() == ["f.csv, row 4", "f.csv, row 3", "f.csv, row 5"]
    assert rejects["reason"][1].endswith("got a repeated row for 2020-02")


def test_the_risk_free_rate_is_taken_off_and_has_to_be_there() -> None:
    frame = rows(("a", "2020-01", 0.1), ("a", "2020-02", 0.2)).with_columns(
        pl.Series("rf", [0.01, None])
    )
    read, rejects = read_fund_rows(frame, FundColumns("id", "month", "ret", "rf"))
    assert funds(read) == {"a": [(1, pytest.approx(0.09))]}
    assert rejects["reason"].to_list() == [
        "column 'rf': expected a decimal return of bills, got nothing"
    ]


def test_nothing_but_broken_rows_gives_no_funds() -> None:
    read, rejects = read_fund_rows(rows((None, "2020-01", 0.1)), COLUMNS)
    assert funds(read) == {}
    assert list(read.groups()) == []
    assert rejects.height == 1


def test_groups_align_funds_at_their_own_last_months() -> None:
    frame = rows(
        ("a", "2020-01", 0.1), ("a", "2020-03", 0.3), ("b", "2020-02", 0.2), ("b", "2020-03", 0.4)
    )
    ((place, made),) = read_fund_rows(frame, COLUMNS)[0].groups()
    assert place == slice(0, 2)
    nan = float("nan")
    np.testing.assert_array_equal(made.excess, [[0.1, nan, 0.3], [nan, 0.2, 0.4]])
    assert made.last.tolist() == [month_index("2020-03")] * 2


def test_a_fund_with_a_long_history_does_not_widen_those_of_other_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.batch.fund_rows.CELLS", 10)
    short = [(name, "2020-01", 0.1) for name in "abcd"]
    frame = rows(*short, ("e", "2010-01", 0.1), ("e", "2020-01", 0.1), ("f", "2020-01", 0.1))
    made = list(read_fund_rows(frame, COLUMNS)[0].groups())
    assert [(place.start, place.stop) for place, _ in made] == [(0, 4), (4, 5), (5, 6)]
    assert [funds.excess.shape for _, funds in made] == [(4, 1), (1, 121), (1, 1)]
