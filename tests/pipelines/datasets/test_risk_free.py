"""The risk-free rate in every unit, from a file of its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from pipelines.datasets.periods import Frequency
from pipelines.datasets.risk_free import align, read_risk_free, to_periodic, unit_of
from tests.pipelines.datasets.files import write

MONTHLY_OF_3_PERCENT = 1.03 ** (1 / 12) - 1


def rates(folder: Path, text: str, unit: str = "auto", frequency: Frequency = "monthly") -> object:
    file = write(folder, text, "rates.csv")
    return read_risk_free(file, unit=unit, frequency=frequency)["risk_free"].to_list()


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("tbill13w_pct_pa", "yield_pct_pa"),
        ("Yield", "yield_pct_pa"),
        ("annual_rate", "yield_pct_pa"),
        ("rf_return", "decimal"),
        ("rf (decimal)", "decimal"),
    ],
)
def test_a_name_that_tells_its_unit_is_believed(name: str, unit: str) -> None:
    assert unit_of(name, "auto", "f.csv") == unit


def test_a_stated_unit_overrules_the_name() -> None:
    assert unit_of("yield", "decimal", "f.csv") == "decimal"


def test_an_unknown_unit_is_told_with_the_known_ones() -> None:
    with pytest.raises(DataError) as caught:
        unit_of("rf", "bps", "f.csv")
    assert str(caught.value) == (
        "--risk-free-unit: expected one of auto, decimal, percent, yield_pct_pa, "
        "yield_decimal_pa; got 'bps'"
    )


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("yield_pct_pa", 3.0),
        ("yield_decimal_pa", 0.03),
        ("decimal", MONTHLY_OF_3_PERCENT),
        ("percent", 100 * MONTHLY_OF_3_PERCENT),
    ],
)
def test_all_units_give_the_same_return(unit: str, value: float) -> None:
    found = to_periodic(pl.Series([value, None]), unit, "monthly", "f.csv")
    assert found[0] == pytest.approx(MONTHLY_OF_3_PERCENT, rel=1e-12)
    assert found[1] is None


def test_a_yield_is_compounded_over_the_periods_of_a_year() -> None:
    found = to_periodic(pl.Series([3.0]), "yield_pct_pa", "quarterly", "f.csv")
    assert (1 + found[0]) ** 4 == pytest.approx(1.03)


@pytest.mark.parametrize(
    ("values", "unit", "message"),
    [
        ([0.03] * 3, "decimal", "median risk-free return is 3 % per period if the unit is decimal"),
        ([3.0] * 3, "percent", "median risk-free return is 3 % per period if the unit is percent"),
        ([250.0], "yield_pct_pa", "yields must lie in -5 .. 100 % per year"),
        ([3.0], "yield_decimal_pa", "yields must lie in -5 .. 100 % per year"),
        ([float("inf")], "decimal", "the risk-free rate holds an infinite value"),
        ([-1.5, 0.0, 0.0], "decimal", "a risk-free return is -100 % or less"),
    ],
)
def test_a_rate_that_its_unit_forbids_is_refused(
    values: list[float], unit: str, message: str
) -> None:
    with pytest.raises(DataError, match=r"^f\.csv: ") as caught:
        to_periodic(pl.Series(values), unit, "monthly", "f.csv")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "month,date,tbill13w_pct_pa\n2013-01,2013-01-31,3\n2013-02,2013-02-28,6\n",
        "observation_date,yield\n2013-01-01,3\n2013-02-01,6\n",
        ",yield\n201301,3\n201302,6\n",
        "DATE;Yield\n31.01.2013;3,0\n28.02.2013;6,0\n",
        "date,yield\n2013-01-31,3\n2013-01-15,99\n2013-02-28,6\n2013-03-29,.\n",
    ],
    ids=["shipped", "public", "unnamed", "comma", "daily"],
)
def test_files_of_every_habit_are_read(text: str, tmp_path: Path) -> None:
    """The last rate of a month stands for it; a point alone is a missing rate."""
    np.testing.assert_allclose(
        rates(tmp_path, text), [MONTHLY_OF_3_PERCENT, 1.06 ** (1 / 12) - 1], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,yield\n2013-01-31,low\n", ", row 2, column 'yield': expected a number, got 'low'"),
        (
            "date,yield\n2013-01-31,3\nlater,3\n",
            ", row 3, column 'date': expected a date, got 'later'",
        ),
        ("date,yield\n,3\n", ", row 2, column 'date': expected a date, got an empty cell"),
        ("date,yield\n2013-01-31,\n", ": no rates; expected rows under the header"),
        ("when,yield\nx,3\n", ": no date column among 'when', 'yield'; call one 'date'"),
        (
            "date,a,b\n2013-01-31,3,3\n",
            ": expected one column of rates beside the date, or one called 'risk_free'; "
            "got 'a', 'b'",
        ),
        (
            "date\n2013-01-31\n",
            ": expected one column of rates beside the date, or one called 'risk_free'; got none",
        ),
        (
            "date,yield\n01/02/2013,3\n03/04/2013,3\n",
            ": dates such as '01/02/2013' can be read day-first or month-first; "
            "write them as YYYY-MM-DD",
        ),
        ("date,yield\n2013-01,300\n", ", column 'yield': yields must lie in -5 .. 100 % per year"),
    ],
)
def test_a_bad_file_of_rates_has_its_one_message(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        rates(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'rates.csv'}{message}"


def months(*numbers: int) -> list[date]:
    return [date(2013, number, 1) for number in numbers]


def table(*numbers: int) -> pl.DataFrame:
    return pl.DataFrame({"period": months(*numbers), "risk_free": [n / 1000 for n in numbers]})


def test_rates_outside_the_panel_are_left_out() -> None:
    found, findings = align(table(1, 2, 3, 4), months(2, 3), "monthly", "f.csv")
    assert found.tolist() == [0.002, 0.003]
    assert findings == []


def test_a_short_gap_takes_the_rate_before_it_with_a_warning() -> None:
    found, findings = align(table(1, 3), months(1, 2, 3, 4), "monthly", "f.csv")
    assert found.tolist() == [0.001, 0.001, 0.003, 0.003]
    assert [f.message for f in findings] == [
        "no rate for 2013-02; the one before it is used",
        "no rate for 2013-04; the one before it is used",
    ]


def test_a_long_gap_and_a_late_start_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        align(table(1), months(1, 2, 3, 4, 5), "monthly", "f.csv")
    assert str(caught.value) == (
        "f.csv: no risk-free rate for 1 of 5 periods, the first 2013-05 (rates cover 2013-01 .. "
        "2013-01); add them or cut the data"
    )
    with pytest.raises(DataError, match="the first 2013-01"):
        align(table(2), months(1, 2), "monthly", "f.csv")
    with pytest.raises(DataError, match="rates cover none"):
        align(table().cast({"period": pl.Date}), months(1), "monthly", "f.csv")
