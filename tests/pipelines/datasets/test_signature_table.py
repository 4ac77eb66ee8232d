"""Reading the columns that signatures are taken of."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from models.errors import ConfigError, DataError
from pipelines.datasets.signature_table import parse_span, read_signature_table
from pipelines.datasets.tables import ROW


def file_of(folder: Path, text: str) -> Path:
    path = folder / "values.csv"
    path.write_text(text)
    return path


def times(folder: Path, *texts: str) -> pl.Series:
    path = file_of(folder, "t,x\n" + "".join(f"{text},1\n" for text in texts))
    return read_signature_table(path, ("x",), time="t")["t"]


def test_texts_become_numbers_and_missing_ones_are_none(tmp_path: Path) -> None:
    path = file_of(tmp_path, 'who,x,y\nNA,"1,234.5",1%\nb,n/a,2\n')
    found = read_signature_table(path, ("x", "y"), series="who")
    assert found["x"].to_list() == [1234.5, None]
    assert found["y"].to_list() == [0.01, 2.0]
    assert found["who"].to_list() == ["NA", "b"]
    assert found[ROW].to_list() == [2, 3]


def test_times_are_moments_days_or_numbers(tmp_path: Path) -> None:
    moments = times(tmp_path, "2020-01-31T06:00", "2020-01-31 12:30:00+02:00", "2020-02-01")
    assert moments.to_list() == [
        datetime(2020, 1, 31, 6),
        datetime(2020, 1, 31, 10, 30),
        datetime(2020, 2, 1),
    ]
    assert times(tmp_path, "2020-01", "2020-02").to_list() == [date(2020, 1, 1), date(2020, 2, 1)]
    assert times(tmp_path, "31.12.2019", "31.1.2020").to_list()[1] == date(2020, 1, 31)
    assert times(tmp_path, "0.5", "12").to_list() == [0.5, 12.0]


def test_parquet_is_taken_as_it_is(tmp_path: Path) -> None:
    frame = pl.DataFrame({"t": [date(2020, 1, 1)], "x": [1], "who": ["a"]})
    frame.write_parquet(tmp_path / "values.parquet")
    found = read_signature_table(tmp_path / "values.parquet", ("x",), "who", "t")
    assert found.drop(ROW).select("t", "x", "who").equals(frame)


def test_the_column_of_the_series_may_be_a_time_or_a_value_too(tmp_path: Path) -> None:
    found = read_signature_table(file_of(tmp_path, "x,t\n1,2\n"), ("x",), "t", "t")
    assert found.columns == [ROW, "x", "t"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t,y\n1,2\n", "no column 'x'; there are 't', 'y'"),
        ("t,x\n1,2\n2,many\n", "row 3, column 'x': expected a number, got the text 'many'"),
        ("t,x\n1,2\nsoon,3\n", "row 3, column 't': expected a date, a moment"),
        ("t,x\n2020-99-01,2\n2020-01-01,3\n", "row 2, column 't': expected a date, a moment"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_signature_table(file_of(tmp_path, text), ("x",), time="t")


def test_spans_have_units_or_none() -> None:
    assert parse_span("90d") == timedelta(days=90)
    assert parse_span(" 1.5 h") == timedelta(minutes=90)
    assert parse_span("30min") == timedelta(minutes=30)
    assert parse_span("2w") == timedelta(days=14)
    assert parse_span("2.5") == 2.5
    for text in ("", "d", "3 months", "-2d"):
        with pytest.raises(ConfigError, match="--span: expected 90d, 12h, 30min, 2w or a number"):
            parse_span(text)
