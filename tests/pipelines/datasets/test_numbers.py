"""Numbers as people write them."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.datasets.numbers import to_numbers, uses_decimal_comma


def read(*texts: str | None, separator: str = ",") -> list[float | None]:
    return to_numbers(pl.Series(list(texts), dtype=pl.String), separator).to_list()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.0123", 0.0123),
        ("-1e-3", -0.001),
        ("+2", 2.0),
        ("1.5%", 0.015),
        ("-1.5 %", -0.015),
        ("(0.01)", -0.01),
        ("(1.5%)", -0.015),
        ("\u22120.02", -0.02),
        ("1,234.5", 1234.5),
        ("12,345,678", 12345678.0),
        ("$ 1,000.25", 1000.25),
        ("1\u00a0234.5", 1234.5),
    ],
)
def test_a_number_is_read_as_it_is_meant(text: str, number: float) -> None:
    assert read(text) == [pytest.approx(number)]


@pytest.mark.parametrize("text", ["n/k", "1.2.3", "12,34.5", "0x1f", "--1", "1e", "()", "%"])
def test_a_text_that_is_no_number_is_null(text: str) -> None:
    assert read(text) == [None]


def test_not_a_number_and_nothing_are_both_missing() -> None:
    assert read("nan", None, "1") == [None, None, 1.0]


def test_infinity_stays_for_the_rules_to_find() -> None:
    assert read("-inf") == [float("-inf")]


def test_decimal_commas_are_read_with_points_for_thousands() -> None:
    assert read("0,0123", "-1.234,5", "12", "1.234", separator=";") == [
        0.0123,
        -1234.5,
        12.0,
        1234.0,
    ]


def test_three_digits_after_a_comma_are_decimals_only_where_semicolons_part_cells() -> None:
    assert read("1,234", separator=";") == [1.234]
    assert read("1,234", separator=",") == [1234.0]


def test_a_zero_before_the_comma_tells_decimals_in_any_file() -> None:
    assert read("0,123", separator="\t") == [0.123]


def test_a_point_after_the_comma_tells_thousands_in_any_file() -> None:
    assert not uses_decimal_comma(pl.Series(["1,234.5", "1,234"]), ";")


def test_one_decimal_comma_among_points_is_a_slip_and_not_a_habit() -> None:
    assert read("0.01", "0,02", "0.03", separator=";") == [0.01, None, 0.03]


def test_a_decimal_below_one_is_never_taken_for_thousands() -> None:
    assert read("0.012", "0.5%", "0.123") == [0.012, 0.005, 0.123]
