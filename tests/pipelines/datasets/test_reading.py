"""Files of every layout become the same observations."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from models.errors import ConfigError, DataError
from pipelines.datasets.funds import load_panel
from pipelines.datasets.reading import Observations, read_observations
from pipelines.datasets.schema import COLUMNS, ColumnChoice, guess, normalise
from tests.pipelines.datasets.files import long_csv, observed, write

LONG = "fund,month,ret\nA,2013-01,0.01\nA,2013-02,0.02\nB,2013-02,-0.03\n"
WIDE = "month,A,B\n2013-01,0.01,\n2013-02,0.02,-0.03\n"
ACROSS = "fund,2013-01,2013-02,2013-03\nA,0.01,0.02,\nB,,-0.03,\n"
VALUES = {
    ("A", date(2013, 1, 1), 0.01),
    ("A", date(2013, 2, 1), 0.02),
    ("B", date(2013, 2, 1), -0.03),
}


def values(observations: Observations) -> set[tuple[object, ...]]:
    return set(observations.frame.select("series", "period", "value").rows())


@pytest.mark.parametrize(
    ("text", "layout"), [(LONG, "long"), (WIDE, "wide"), (ACROSS, "transposed")]
)
def test_long_wide_and_transposed_files_hold_the_same(
    text: str, layout: str, tmp_path: Path
) -> None:
    found = observed(tmp_path, text)
    assert values(found) == VALUES
    assert (found.roles.layout, found.kind) == (layout, "returns")


@pytest.mark.parametrize("name", ["f.parquet", "f.pq", "F.PARQUET"])
def test_parquet_holds_the_same_as_csv(name: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.read_csv(LONG.encode()).write_parquet(buffer)
    file = write(tmp_path, buffer.getvalue(), name)
    assert values(read_observations(file)) == VALUES


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + LONG,
        LONG.replace("\n", "\r\n"),
        LONG.replace(",", ";"),
        LONG.replace(",", ";").replace("0.", "0,"),
        LONG.replace(",", "\t"),
        LONG.replace("A", " A "),
        LONG.replace("fund,month,ret", " Fund , MONTH ,Ret"),
        LONG + ",,\n",
        "\n \n" + LONG,
        LONG.replace(",", "|"),
        LONG.replace("month", "year,month").replace("2013-0", "2013,"),
        LONG.replace("month", "month,yyyy")
        .replace("2013-0", "0")
        .replace(",0.", ",2013,0.")
        .replace(",-0.", ",2013,-0."),
        LONG + "Source: a vendor,,\n",
        LONG.replace("0.01", "1%").replace("-0.03", "(3.0%)"),
        LONG.replace("fund", "Ticker").replace("month", "Date").replace("ret", "Total Return"),
    ],
    ids=[
        "bom",
        "crlf",
        "semicolon",
        "comma",
        "tab",
        "blanks",
        "case",
        "end",
        "lines",
        "bar",
        "year",
        "yyyy",
        "footer",
        "percent",
        "names",
    ],
)
def test_the_habits_of_spreadsheets_do_not_matter(text: str, tmp_path: Path) -> None:
    assert values(observed(tmp_path, text)) == VALUES


@pytest.mark.parametrize(("name", "separator"), [("f.tsv", "\t"), ("f.txt", "\t"), ("f.CSV", ",")])
def test_the_ending_may_be_that_of_any_text_file(name: str, separator: str, tmp_path: Path) -> None:
    file = write(tmp_path, LONG.replace(",", separator).encode(), name)
    with pytest.raises(DataError, match="too few rows"):
        load_panel(file)


def test_a_gzipped_csv_is_read_as_it_is(tmp_path: Path) -> None:
    text = long_csv([0.01, 0.02, 0.03])
    file = write(tmp_path, gzip.compress(text.encode()), "funds.csv.gz")
    assert load_panel(file).panel.returns.tolist() == [[0.01, 0.02, 0.03]]


def test_a_long_row_of_a_gzipped_csv_is_found(tmp_path: Path) -> None:
    file = write(tmp_path, gzip.compress((WIDE + "2013-03,1,2,3\n").encode()), "f.csv.gz")
    with pytest.raises(DataError, match="row 4: 4 cells under 3 column names"):
        load_panel(file)


def test_columns_without_a_name_at_the_end_are_empty_series(tmp_path: Path) -> None:
    found = observed(tmp_path, ",A,B,,\n2013-01,0.01,,,\n2013-02,0.02,-0.03,,\n")
    assert values(found) == VALUES
    assert found.empty == ("unnamed_4", "unnamed_5")


def test_series_without_any_value_are_known_by_name(tmp_path: Path) -> None:
    assert observed(tmp_path, LONG + "C,2013-01,\nC,2013-02,NA\n").empty == ("C",)


def test_rows_keep_their_numbers_under_blank_lines(tmp_path: Path) -> None:
    found = observed(tmp_path, "\n\n" + LONG)
    assert found.frame["row"].to_list() == [4, 5, 6]


def test_year_and_quarter_make_a_period_in_a_wide_file_too(tmp_path: Path) -> None:
    text = "year,quarter,A\n2013,1,0.01\n2013,2,0.02\n"
    frame = observed(tmp_path, text, frequency="quarterly").frame
    assert frame["series"].to_list() == ["A", "A"]
    assert frame["period"].to_list() == [date(2013, 1, 1), date(2013, 4, 1)]


def test_a_year_beside_whole_months_is_left_alone(tmp_path: Path) -> None:
    text = LONG.replace("month", "year,month").replace(",2013", ",1999,2013")
    assert values(observed(tmp_path, text)) == VALUES


def test_numbers_of_rows_that_a_data_frame_saved_are_no_fund(tmp_path: Path) -> None:
    text = "Unnamed: 0,month,A,B\n0,2013-01,0.01,\n1,2013-02,0.02,-0.03\n"
    assert values(observed(tmp_path, text)) == VALUES


def test_the_only_column_of_days_is_the_date_wherever_it_stands(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    days = [date(2013, 1, 31), date(2013, 2, 28)]
    columns = {"A": [0.01, 0.02], "B": [None, -0.03], "__index_level_0__": days}
    pl.DataFrame(columns).write_parquet(buffer)
    file = write(tmp_path, buffer.getvalue(), "f.parquet")
    assert values(read_observations(file)) == VALUES


def test_blanks_around_the_names_of_wide_files_do_not_matter(tmp_path: Path) -> None:
    assert values(observed(tmp_path, WIDE.replace("A,", " A ,"))) == VALUES


def test_a_fund_may_be_called_na(tmp_path: Path) -> None:
    found = observed(tmp_path, LONG.replace("A,", "NA,"))
    assert {row[0] for row in values(found)} == {"NA", "B"}


def test_funds_called_like_the_readers_own_columns_stay_apart(tmp_path: Path) -> None:
    text = "month,row,cell,series\n2013-01,0.01,0.02,0.03\n"
    found = observed(tmp_path, text, columns=ColumnChoice(layout="wide"))
    names = [row[0] for row in found.frame.select("series").rows()]
    assert names == ["row", "cell", "series"]


def test_a_file_of_one_fund_is_called_after_the_file(tmp_path: Path) -> None:
    found = observed(tmp_path, "date,nav\n2013-01-31,10\n2013-02-28,11\n")
    assert found.kind == "nav"
    assert found.frame["series"].unique().to_list() == ["funds"]


def test_returns_are_preferred_where_a_file_has_navs_too(tmp_path: Path) -> None:
    text = "fund,month,nav,ret\nA,2013-01,100,0.01\n"
    assert observed(tmp_path, text).kind == "returns"
    assert observed(tmp_path, text, columns=ColumnChoice(nav="nav")).kind == "nav"
    assert observed(tmp_path, text, columns=ColumnChoice(values="nav")).kind == "nav"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ((100.0, 101.0), "nav"),
        ((1.01, 1.02), "nav"),
        ((0.01, 0.02), "returns"),
        ((5.0, -1.0), "returns"),
    ],
)
def test_a_wide_file_tells_navs_by_their_size(
    cells: tuple[float, float], kind: str, tmp_path: Path
) -> None:
    found = observed(tmp_path, f"month,A\n2013-01,{cells[0]}\n2013-02,{cells[1]}\n")
    assert found.kind == kind


def test_named_columns_overrule_every_guess(tmp_path: Path) -> None:
    text = "ticker,month,ret,manager,desk,when,gross\nX,2013-01,9,M1,D1,2012-05,0.01\n"
    choice = ColumnChoice(series=("manager", "ticker"), date="when", returns="gross", group="desk")
    frame = observed(tmp_path, text, columns=choice).frame
    assert frame.select("series", "period", "value", "group").row(0) == (
        "M1 / X",
        date(2012, 5, 1),
        0.01,
        "D1",
    )


def test_the_group_joins_the_name_where_the_name_alone_repeats(tmp_path: Path) -> None:
    text = "amc,fund,month,ret\nM,Growth,2013-01,0.01\nN,Growth,2013-01,0.02\n"
    frame = observed(tmp_path, text).frame
    assert frame["series"].to_list() == ["M / Growth", "N / Growth"]


def test_the_group_does_not_join_a_name_that_is_enough(tmp_path: Path) -> None:
    frame = observed(tmp_path, LONG.replace("fund,", "amc,fund,").replace("\nA", "\nM,A")).frame
    assert "A" in frame["series"].to_list()


def test_a_transposed_file_may_hold_groups(tmp_path: Path) -> None:
    text = "fund,style,2013-01,2013-02,2013-03\nA,value,0.01,0.02,0.03\n"
    frame = observed(tmp_path, text).frame
    assert frame["group"].to_list() == ["value"] * 3
    assert frame["period"].to_list() == [date(2013, month, 1) for month in (1, 2, 3)]


def test_parquet_dates_and_types_of_every_kind_are_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    days = [datetime(2013, month, 28, tzinfo=UTC) for month in (1, 2, 3)]
    pl.DataFrame(
        {
            "permno": [10001] * 3,
            "date": days,
            "ret": pl.Series(["0.01", "0.02", "0.03"]).cast(pl.Decimal(10, 4)),
            "group": pl.Series(["x"] * 3, dtype=pl.Categorical),
        }
    ).write_parquet(buffer)
    panel = load_panel(write(tmp_path, buffer.getvalue(), "f.parquet")).panel
    assert (panel.ids, panel.groups) == (("10001",), ("x",))
    assert panel.returns.tolist() == [[0.01, 0.02, 0.03]]


def test_column_names_that_look_like_days_of_a_spreadsheet_are_not_months(tmp_path: Path) -> None:
    """Wide files of CRSP carry numbers of five digits as names."""
    found = observed(tmp_path, "date,20001,30002,40003\n2013-01-31,0.01,0.02,-0.03\n")
    assert found.roles.layout == "wide"
    assert found.frame["series"].to_list() == ["20001", "30002", "40003"]


def test_an_unnamed_first_column_of_dates_is_the_date(tmp_path: Path) -> None:
    assert observed(tmp_path, WIDE.replace("month", "")).roles.date == "unnamed_1"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"layout": "tall"}, "--layout: expected long or wide or transposed, got 'tall'"),
        ({"values": "prices"}, "--values: expected returns or nav, got 'prices'"),
        (
            {"returns": "r", "nav": "n"},
            "--return-column 'r' and --nav-column 'n': give one of them",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_refused_when_built(
    choice: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        ColumnChoice(**choice)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_every_synonym_is_in_the_form_that_names_are_compared_in() -> None:
    for column in COLUMNS.values():
        assert all(normalise(name) == name for name in column.synonyms)
        assert len(set(column.synonyms)) == len(column.synonyms)


def test_a_guess_takes_the_first_synonym_and_the_first_column_of_a_name() -> None:
    assert guess("series", ["name", "Ticker", "ticker"]) == "Ticker"
    assert guess("series", ["name", "Ticker"], taken=("Ticker",)) == "name"
    assert guess("series", ["Alpha"]) is None
