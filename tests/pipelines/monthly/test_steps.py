"""Times become whole steps, whatever they are written as."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from models.errors import DataError
from pipelines.monthly.steps import whole_steps


def steps(times: Sequence[Any], series: Sequence[str] | None = None) -> list[int]:
    names = series or ["a"] * len(times)
    return [int(step) for step in whole_steps(pl.Series(times), pl.Series(names))]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 1, 3], [0, 1, 3]),
        ([12, 0, 24], [1, 0, 2]),
        ([5.0, 6.0], [0, 1]),
        (["7", " 8"], [0, 1]),
        ([date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 4)], [0, 1, 3]),
        ([date(2024, 1, 7), date(2024, 1, 14), date(2024, 1, 28)], [0, 1, 3]),
        ([datetime(2024, 1, 1, 0), datetime(2024, 1, 1, 1)], [0, 1]),
        (["2024-01-01", "2024-01-02"], [0, 1]),
        ([4], [0]),
    ],
)
def test_neighbours_differ_by_one(times: Sequence[Any], expected: list[int]) -> None:
    assert steps(times) == expected


@pytest.mark.parametrize(
    ("times", "gaps"),
    [
        ([date(2023, 11, 30), date(2023, 12, 31), date(2024, 2, 29)], [1, 2]),
        (["2023-11", "2023-12", "2024-02"], [1, 2]),
        ([date(2023, 3, 31), date(2023, 6, 30), date(2023, 9, 30), date(2024, 3, 31)], [1, 1, 2]),
        ([date(2019, 12, 31), date(2020, 12, 31), date(2021, 12, 31)], [1, 1]),
    ],
)
def test_months_quarters_and_years_are_counted_by_the_calendar(
    times: Sequence[Any], gaps: list[int]
) -> None:
    found = steps(times)
    assert [b - a for a, b in pairwise(found)] == gaps


def test_gaps_are_measured_within_series() -> None:
    assert steps([0, 10, 5, 15], ["a", "a", "b", "b"]) == [0, 1, 0, 1]


def test_numbers_with_a_fraction_are_refused() -> None:
    with pytest.raises(DataError, match="got numbers with a fraction"):
        steps([0.5, 1.0])


def test_other_types_are_refused() -> None:
    with pytest.raises(DataError, match="expected whole numbers or dates, got Boolean"):
        steps([True, False])


def test_text_that_is_no_date_is_refused() -> None:
    with pytest.raises(DataError):
        steps(["soon", "later"])
