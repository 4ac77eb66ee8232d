"""Months are understood in every usual way of writing them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from models.errors import DataError
from pipelines.batch.fund_months import month_numbers
from pipelines.months import month_index


def months(values: list[Any], dtype: Any = None, **more: list[Any]) -> list[str | None]:
    frame = pl.DataFrame({"m": pl.Series(values, dtype=dtype), **more})
    numbers = month_numbers(frame, "m", "year" if more else None)
    return [None if n < 0 else f"{n // 12}-{n % 12 + 1:02d}" for n in numbers.tolist()]


def test_dates_times_numbers_and_texts_are_read() -> None:
    assert months([date(2020, 1, 31), None, date(1969, 12, 1)]) == ["2020-01", None, "1969-12"]
    assert months([datetime(2020, 2, 29, 12)]) == ["2020-02"]
    assert months([202001, 20201231, 2020, 202013, None]) == [
        "2020-01",
        "2020-12",
        None,
        None,
        None,
    ]
    assert months([202001.0]) == ["2020-01"]
    texts = ["2020-01", "2020/02/29", "20200331", "202004", "2020-05-31T00:00:00", " 2020-06 "]
    assert months(texts) == [f"2020-0{n}" for n in range(1, 7)]


@pytest.mark.parametrize("text", ["", "2020", "2020-13", "2020-02-30", "31/01/2020", "soon", None])
def test_other_texts_are_no_months(text: str | None) -> None:
    assert months([text], pl.String) == [None]


def test_a_month_may_be_a_number_beside_its_year() -> None:
    assert months([1, 12, 13, None], year=[2020] * 4) == ["2020-01", "2020-12", None, None]
    assert months(["01", "x"], year=["2020", "2020"]) == ["2020-01", None]


def test_months_out_of_all_bounds_are_none() -> None:
    assert months([date(1, 1, 1), date(9999, 1, 1)]) == [None, None]
    assert months([date(1800, 1, 1), date(2199, 12, 31)]) == ["1800-01", "2199-12"]
    assert month_index("1800-01") == 21600


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(DataError, match="column 'm': expected dates or texts such as 2020-01, got"):
        months([True])
