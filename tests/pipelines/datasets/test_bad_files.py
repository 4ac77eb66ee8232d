"""Every kind of bad file ends in one line that says what, where and what to do."""

from __future__ import annotations

import io
from datetime import time
from pathlib import Path

import polars as pl
import pytest

from models.errors import DataError
from pipelines.datasets.funds import load_panel
from pipelines.datasets.schema import ColumnChoice
from tests.pipelines.datasets.files import long_csv, wide_csv, write

GOOD = (0.01, 0.02, -0.01, 0.03)
CALM = (0.01, -0.01, 0.01, -0.01, 0.01, -0.01, 0.01)


def parquet(**columns: list[object] | pl.Series) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


def rows(*lines: str, header: str = "fund,month,ret") -> str:
    return "\n".join([header, *lines]) + "\n"


#: Name of the file, what it holds, and the message after the name of the file.
BAD_FILES: list[tuple[str, str | bytes, str]] = [
    (
        "funds.xlsx",
        b"PK",
        ": expected a .csv, .tsv or .parquet file (.csv.gz too); got '.xlsx'",
    ),
    ("funds", b"x", ": expected a .csv, .tsv or .parquet file (.csv.gz too); got no extension"),
    ("lines.csv", b"\n\n", ": the file is empty; expected a header and rows"),
    (
        "mark.csv",
        long_csv([0.01, -999, 0.02, 0.01]),
        ", row 3, column 'ret', series 'A': -999 looks like a mark for a missing value; "
        "leave the cell empty (--clean does so)",
    ),
    ("empty.csv", b"", ": the file is empty; expected a header and rows"),
    ("header.csv", rows(), ": no values; expected rows under the header"),
    (
        "blanks.csv",
        rows("A,2013-01,", "A,2013-02,NA"),
        ": no values; expected rows under the header",
    ),
    (
        "rows.parquet",
        parquet(
            fund=pl.Series([], dtype=pl.String),
            month=pl.Series([], dtype=pl.String),
            ret=pl.Series([], dtype=pl.Float64),
        ),
        ": no values; expected rows under the header",
    ),
    (
        "latin.csv",
        "month,Fonds Élan\n2013-01,0.01\n".encode("latin-1"),
        ": not UTF-8 text; save it as CSV in UTF-8",
    ),
    (
        "latin_below.csv",
        "fund,month,ret\nÉlan,2013-01,0.01\n".encode("latin-1"),
        ": not UTF-8 text; save it as CSV in UTF-8",
    ),
    ("binary.csv", b"a\0b,c\n1,2\n", ": binary content; expected CSV text"),
    (
        "plain.csv.gz",
        b"month,A\n2013-01,0.01\n",
        ": not a readable file (Not a gzipped file (b'mo'))",
    ),
    (
        "damaged.parquet",
        b"PAR1 and nothing more",
        ": not a readable Parquet file "
        "(parquet: File out of specification: The file must end with PAR1 or PARE)",
    ),
    (
        "boolean.parquet",
        parquet(fund=["A"], month=["2013-01"], ret=[True]),
        ", column 'ret': expected numbers, got Boolean",
    ),
    (
        "lists.parquet",
        parquet(fund=[["A"]], month=["2013-01"], ret=[0.01]),
        ", column 'fund': expected text, got List(String)",
    ),
    (
        "times.parquet",
        parquet(fund=["A"], month=[time(1)], ret=[0.01]),
        ", column 'month': expected dates, got Time",
    ),
    (
        "twice.csv",
        "month,A,A\n2013-01,0.01,0.02\n",
        ", row 1: column 'A' occurs twice; rename one of them",
    ),
    (
        "long_row.csv",
        "month,A,B\n2013-01,0.01,0.02\n2013-02,0.01,0.02,0.03\n",
        ", row 3: 4 cells under 3 column names; quote cells that hold a separator",
    ),
    (
        "title.csv",
        "Our funds\nmonth,A\n2013-01,0.01\n",
        ", row 2: 2 cells, but row 1 holds 'Our funds' only; expected the column names in row 1: "
        "remove what stands above them",
    ),
    (
        "no_date.csv",
        "fund,ret\nA,0.01\nB,0.02\n",
        ": no date column among 'fund', 'ret'; say --date-column, or call it 'month' or 'date'",
    ),
    (
        "no_value.csv",
        "fund,month,style\nA,2013-01,growth\n",
        ": series column 'fund', but no column of returns or NAVs; "
        "say --return-column or --nav-column",
    ),
    (
        "mixed.csv",
        "fund,month,Alpha,Beta\nA,2013-01,0.1,0.2\n",
        ": mixed layout: series column 'fund', but no column of returns or NAVs, and 2 others "
        "('Alpha', 'Beta'); say --return-column or --nav-column, or --layout wide if each column "
        "is a fund",
    ),
    ("only_dates.csv", "month\n2013-01\n", ": no column of values beside the date column 'month'"),
    (
        "across.csv",
        "2013-01,2013-02,2013-03\n0.1,0.2,0.3\n",
        ": months across, but no column that names the series; add one",
    ),
    (
        "no_name.csv",
        rows("A,2013-01,0.01", ",2013-02,0.02", "A,2013-03,0.01", "A,2013-04,0.01"),
        ", row 3, column 'fund': the name of the series is empty; fill it in or drop the row",
    ),
    (
        "bad_date.csv",
        rows("A,2013-01,0.01", "A,2013-13,0.02", "A,2013-03,0.01", "A,2013-04,0.01"),
        ", row 3, column 'month', series 'A': expected a date such as 2013-07 or 2013-07-31 "
        "(monthly), got '2013-13'",
    ),
    (
        "two_ways.csv",
        rows("A,01/02/2013,0.01", "A,03/04/2013,0.02", "A,05/05/2013,0.01"),
        ": dates such as '01/02/2013' can be read day-first or month-first; "
        "write them as YYYY-MM-DD",
    ),
    (
        "text.csv",
        long_csv([0.01, "n/k", 0.02, 0.01]),
        ", row 3, column 'ret', series 'A': expected a number such as 0.0123, got the text 'n/k'",
    ),
    (
        "one_comma.csv",
        rows("A,2013-01,0.01", 'A,2013-02,"0,02"', "A,2013-03,0.0123", "A,2013-04,0.01"),
        ", row 3, column 'ret', series 'A': expected a number such as 0.0123, got the text '0,02'",
    ),
    (
        "infinite.csv",
        long_csv([0.01, "inf", 0.02, 0.01]),
        ", row 3, column 'ret', series 'A': inf is not a finite number; leave the cell empty if "
        "the value is missing (--clean does so)",
    ),
    (
        "lost.csv",
        long_csv([0.01, -1.5, 0.02, 0.01]),
        ", row 3, column 'ret', series 'A': return -1.5 is -100 % or less; a fund cannot lose "
        "more than all: correct it or leave the cell empty",
    ),
    (
        "negative_nav.csv",
        long_csv([10, -11, 12, 13], value="nav"),
        ", row 3, column 'nav', series 'A': NAV -11 is not positive; "
        "correct it or leave the cell empty",
    ),
    (
        "percent.csv",
        long_csv([1.2, -0.8, 2.5, 0.9]),
        ", column 'ret': median |return| is 1.05: these look like percent, not decimals "
        "(0.01 = 1 %); divide by 100 (--clean does so)",
    ),
    (
        "one_in_percent.csv",
        wide_csv(A=CALM, B=CALM, C=[100 * r for r in CALM], D=CALM),
        ", column 'C': median |return| is 1 while the rest of the file is in decimals; "
        "divide this series by 100",
    ),
    (
        "daily.csv",
        rows(*(f"A,2013-01-{day:02d},0.00{day}" for day in range(1, 9)), header="fund,date,ret"),
        ", column 'date': dates are 1 day(s) apart, but the stated frequency is monthly; "
        "say --frequency daily",
    ),
    (
        "short.csv",
        long_csv([0.01, 0.02]),
        ", column 'ret': too few rows: returns in 2 period(s), expected at least 3",
    ),
    (
        "tenfold.csv",
        long_csv([10, 10.1, 102, 103, 104, 105], value="nav"),
        ", row 4, column 'nav', series 'A': 2013-03: the value changes by 10.1 times: a change of "
        "face value, not a return (--clean takes the power of ten out)",
    ),
    (
        "hundredth.csv",
        long_csv([1000, 1010, 10.15, 10.2, 10.3], value="nav"),
        ", row 4, column 'nav', series 'A': 2013-03: the value changes by 0.01005 times: a change "
        "of face value, not a return (--clean takes the power of ten out)",
    ),
    (
        "level.csv",
        long_csv([100, 101, 737, 740, 741], value="nav"),
        ", row 4, column 'nav', series 'A': 2013-03: the value changes by 7.297 times, which no "
        "market move explains (--clean drops the return)",
    ),
    (
        "rate_text.csv",
        rows(
            "A,2013-01,0.01,0.001",
            "A,2013-02,0.02,low",
            "A,2013-03,0.02,0.001",
            header="fund,month,ret,rf",
        ),
        ", row 3, column 'rf': expected a finite number such as 0.0123, got 'low'; "
        "leave the cell empty if it is missing",
    ),
    (
        "rate_unit.csv",
        rows(*(f"A,2013-0{m},0.0{m},0.001" for m in (1, 2, 3)), header="fund,month,ret,rf"),
        ", column 'rf': the unit cannot be told from the name; say --risk-free-unit decimal "
        "(0.002 = 0.2 % per period), percent (0.2), yield_pct_pa (2.4 = 2.4 % per year) or "
        "yield_decimal_pa (0.024)",
    ),
]


@pytest.mark.parametrize(("name", "content", "expected"), BAD_FILES, ids=[b[0] for b in BAD_FILES])
def test_a_bad_file_has_its_one_message(
    name: str, content: str | bytes, expected: str, tmp_path: Path
) -> None:
    file = write(tmp_path, content, name)
    with pytest.raises(DataError) as caught:
        load_panel(file)
    assert str(caught.value) == f"{file}{expected}"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_panel(tmp_path)
    assert str(caught.value) == f"{tmp_path}: expected a file, got a folder"


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_panel(tmp_path / "absent.csv")
    assert str(caught.value) == f"{tmp_path / 'absent.csv'}: no such file"


def test_both_rows_of_a_duplicate_are_named(tmp_path: Path) -> None:
    file = write(tmp_path, rows("A,2013-01,0.01", "A,2013-02,0.02", "A,2013-02,0.03"))
    one = (
        "'A' has more than one value for 2013-02; keep one (--clean drops equal ones; "
        "if two funds share the name, add a column to the id)"
    )
    with pytest.raises(DataError) as caught:
        load_panel(file)
    place = f"{file}, row %d, column 'ret', series 'A': {one}"
    assert str(caught.value) == f"{place % 3}; {place % 4}"


def test_a_wrong_print_is_named_where_it_comes_and_goes(tmp_path: Path) -> None:
    file = write(tmp_path, long_csv([100, 101, 7100, 101.5, 102, 103], value="nav"))
    with pytest.raises(DataError, match=r"row 4.* 70.3 times and back.*row 5.* 0.0143 times and"):
        load_panel(file)


def test_many_faults_are_counted_and_the_first_three_told(tmp_path: Path) -> None:
    file = write(tmp_path, long_csv([0.01, "a", "b", "c", "d", 0.02, 0.03, 0.04]))
    with pytest.raises(DataError) as caught:
        load_panel(file)
    message = str(caught.value)
    assert message.startswith(f"4 errors, the first 3: {file}, row 3")
    assert message.count("expected a number") == 3
    assert "\n" not in message


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    file = write(tmp_path, long_csv(GOOD))
    with pytest.raises(DataError) as caught:
        load_panel(file, columns=ColumnChoice(returns="total"))
    assert str(caught.value) == (
        f"{file}: no column 'total' for returns; there are 'fund', 'month', 'ret'"
    )


def test_an_unknown_frequency_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_panel(write(tmp_path, long_csv(GOOD)), frequency="yearly")
    assert str(caught.value) == (
        "--frequency: expected one of monthly, quarterly, weekly, daily; got 'yearly'"
    )


def test_a_series_column_must_be_named_where_none_is_known(tmp_path: Path) -> None:
    file = write(tmp_path, wide_csv(A=GOOD, B=GOOD))
    with pytest.raises(DataError) as caught:
        load_panel(file, columns=ColumnChoice(layout="long"))
    assert str(caught.value) == (
        f"{file}: no series column among 'month', 'A', 'B'; say --series-column"
    )
