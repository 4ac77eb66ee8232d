"""From a file to a gapless panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from pipelines.datasets.checking import check_file, returns_table
from pipelines.datasets.findings import Finding, errors_of
from pipelines.datasets.funds import data_hash, load_panel
from pipelines.datasets.schema import ColumnChoice
from tests.pipelines.datasets.files import long_csv, wide_csv, write

NAN = float("nan")


def rules(folder: Path, text: str) -> dict[str, str]:
    """Rule -> message of each finding."""
    return {f.rule: f.message for f in check_file(write(folder, text)).findings}


def test_late_starts_gaps_and_dead_funds_are_missing_values(tmp_path: Path) -> None:
    text = (
        "fund,month,ret\n"
        "dead,2013-01,0.01\ndead,2013-02,0.02\n"
        "gap,2013-01,0.03\ngap,2013-04,0.04\n"
        "late,2013-04,0.05\n"
    )
    panel = load_panel(write(tmp_path, text)).panel
    assert panel.ids == ("dead", "gap", "late")
    assert panel.periods == ("2013-01", "2013-02", "2013-03", "2013-04")
    expected = [[0.01, 0.02, NAN, NAN], [0.03, NAN, NAN, 0.04], [NAN, NAN, NAN, 0.05]]
    np.testing.assert_array_equal(panel.returns, expected)
    assert panel.risk_free.tolist() == [0.0] * 4
    assert panel.periods_per_year == 12


def test_a_nav_gives_a_return_only_after_a_neighbour(tmp_path: Path) -> None:
    """100 -> 110 is 10 %; the NAV of April has no March before it."""
    text = "fund,month,nav\nA,2013-01,100\nA,2013-02,110\nA,2013-04,121\nA,2013-05,133.1\n"
    panel = load_panel(write(tmp_path, text + "B,2013-04,1\nB,2013-03,2\n")).panel
    assert panel.periods == ("2013-02", "2013-03", "2013-04", "2013-05")
    np.testing.assert_allclose(panel.returns, [[0.1, NAN, NAN, 0.1], [NAN, NAN, -0.5, NAN]])


def test_the_last_nav_of_a_month_stands_for_it(tmp_path: Path) -> None:
    """Rows are not in order: 2013-01-31 is the last day of January though it comes first."""
    text = "fund,date,nav\n" + "".join(
        f"A,{day},{nav}\n"
        for day, nav in [
            ("2013-01-31", 100),
            ("2013-01-15", 90),
            ("2013-02-28", 110),
            ("2013-03-28", 99),
            ("2013-04-30", 99),
        ]
    )
    panel = load_panel(write(tmp_path, text)).panel
    np.testing.assert_allclose(panel.returns, [[0.1, -0.1, 0.0]])


def test_a_month_with_a_day_of_observation_uses_the_day(tmp_path: Path) -> None:
    text = (
        "fund,month,nav_date,nav\nA,2013-01,2013-01-31,100\nA,2013-01,2013-01-02,50\n"
        "A,2013-02,2013-02-28,110\nA,2013-03,2013-03-28,121\nA,2013-04,2013-04-30,133.1\n"
    )
    np.testing.assert_allclose(load_panel(write(tmp_path, text)).panel.returns, [[0.1] * 3])


def test_groups_and_benchmarks_follow_their_funds(tmp_path: Path) -> None:
    text = (
        "fund,month,ret,style,benchmark\nB,2013-01,0.01,old,0.1\nB,2013-02,0.02,new,\n"
        "B,2013-03,0.02,,0.3\nA,2013-03,0.01,,0.4\n"
    )
    loaded = load_panel(write(tmp_path, text))
    assert loaded.panel.groups == ("", "new")
    np.testing.assert_array_equal(loaded.benchmark, [[NAN, NAN, 0.4], [0.1, NAN, 0.3]])


def test_a_wide_benchmark_is_that_of_every_fund(tmp_path: Path) -> None:
    text = "month,benchmark,A,B\n2013-01,0.1,0.01,0.02\n2013-02,0.2,0.01,0.02\n2013-03,0.3,0,0.1\n"
    loaded = load_panel(write(tmp_path, text))
    assert loaded.panel.ids == ("A", "B")
    np.testing.assert_array_equal(loaded.benchmark, [[0.1, 0.2, 0.3]] * 2)


@pytest.mark.parametrize(
    ("frequency", "dates", "per_year"),
    [
        ("daily", ["2013-07-05", "2013-07-08", "2013-07-09", "2013-07-10"], 252),
        ("weekly", ["2013-07-05", "2013-07-12", "2013-07-19", "2013-07-26"], 52),
        ("quarterly", ["2013-03-31", "2013-06-30", "2013-09-30", "2013-12-31"], 4),
    ],
)
def test_other_frequencies_have_their_own_axis(
    frequency: str, dates: list[str], per_year: int, tmp_path: Path
) -> None:
    rows = "".join(f"A,{day},0.0{i}\n" for i, day in enumerate(dates, start=1))
    panel = load_panel(write(tmp_path, "fund,date,ret\n" + rows), frequency=frequency).panel
    assert panel.returns.tolist() == [[0.01, 0.02, 0.03, 0.04]]
    assert panel.periods_per_year == per_year


def test_daily_percents_are_smaller_and_still_seen(tmp_path: Path) -> None:
    """0.3 is no percent for a month, but 30 % a day is."""
    rows = "".join(f"A,2013-01-{d:02d},{0.3 * (-1) ** d}\n" for d in range(1, 9))
    checked = check_file(write(tmp_path, "fund,date,ret\n" + rows), frequency="daily")
    assert [f.rule for f in checked.findings] == ["percent"]


def test_equal_data_have_equal_hashes_whatever_the_file(tmp_path: Path) -> None:
    long = load_panel(write(tmp_path, long_csv([0.01, 0.02, 0.03]), "a.csv")).panel
    wide = load_panel(write(tmp_path, wide_csv(A=[0.01, 0.02, 0.03]), "b.csv")).panel
    other = load_panel(write(tmp_path, wide_csv(A=[0.01, 0.02, 0.04]), "c.csv")).panel
    assert long.data_hash == wide.data_hash != other.data_hash
    assert len(long.data_hash) == 64


def test_names_cannot_be_shifted_between_fields_of_the_hash() -> None:
    none = np.zeros((0, 0))
    assert data_hash(("a", "b"), (), none, none) != data_hash(("ab",), (), none, none)
    assert data_hash(("a",), ("b",), none, none) != data_hash(("a", "b"), (), none, none)


def test_the_minus_of_a_nan_does_not_change_the_hash() -> None:
    plus, minus = np.asarray([[NAN]]), -np.asarray([[NAN]])
    rate = np.zeros(1)
    assert data_hash(("a",), ("b",), plus, rate) == data_hash(("a",), ("b",), minus, rate)


def test_a_good_file_has_no_findings(tmp_path: Path) -> None:
    assert rules(tmp_path, wide_csv(A=[0.01, 0.02, 0.03], B=[0.02, -0.01, 0.01])) == {}


def test_unsorted_rows_are_a_warning_and_no_more(tmp_path: Path) -> None:
    file = write(tmp_path, "fund,month,ret\nA,2013-02,0.02\nA,2013-01,0.01\nA,2013-03,0.03\n")
    loaded = load_panel(file)
    assert loaded.panel.returns.tolist() == [[0.01, 0.02, 0.03]]
    assert [str(f) for f in loaded.findings] == [
        f"{file}, row 3, column 'month', series 'A': 2013-01 comes after a later date; "
        "rows are sorted on reading"
    ]


def test_an_unsorted_wide_file_warns_once(tmp_path: Path) -> None:
    text = "month,A,B\n2013-02,0.02,0.01\n2013-01,0.01,0.02\n2013-03,0.03,0.02\n"
    assert [f.rule for f in check_file(write(tmp_path, text)).findings] == ["unsorted"]


def test_a_constant_series_is_a_warning(tmp_path: Path) -> None:
    found = rules(tmp_path, wide_csv(A=[0.01] * 6, B=[0.01, 0.02] * 3))
    assert found == {"constant": "the return is 0.01 in all 6 periods; its Sharpe ratio is missing"}


def test_a_real_crash_is_a_warning_and_stays(tmp_path: Path) -> None:
    """-88 % of a leveraged fund whose usual month is 12 %."""
    text = long_csv([0.12, -0.12, -0.88, 0.1, -0.15])
    found = rules(tmp_path, text)
    assert found == {"extreme": "2013-03: return of -88 %; left as it is, check that it is real"}
    assert load_panel(write(tmp_path, text)).panel.returns[0, 2] == -0.88


def test_returns_that_may_be_percents_of_a_money_market_are_told(tmp_path: Path) -> None:
    found = rules(tmp_path, long_csv([0.31, 0.28, 0.33, 0.3]))
    assert found == {
        "large_returns": "median |return| is 0.305, read as 30.5 %; "
        "divide by 100 if these are percent"
    }


def test_a_series_without_values_is_told(tmp_path: Path) -> None:
    found = rules(tmp_path, wide_csv(A=[0.01, 0.02, 0.03], B=["", "", ""]))
    assert found == {"no_values": "no value in any row; the series is left out"}


def test_a_fund_with_one_nav_is_told(tmp_path: Path) -> None:
    text = long_csv([100, 101, 102, 103], value="nav") + "B,2013-01,10\n"
    checked = check_file(write(tmp_path, text))
    assert [(f.rule, f.series) for f in checked.findings] == [("no_returns", "B")]


def test_names_that_differ_in_case_are_kept_apart_and_told(tmp_path: Path) -> None:
    found = rules(tmp_path, wide_csv(Abc=[0.01, 0.02, 0.03], ABC=[0.02, 0.01, 0.03]))
    assert found == {
        "similar_names": "'ABC' and 'Abc' differ in case or blanks only; they are kept apart, "
        "rename them if they are one fund"
    }


def test_a_mistyped_year_leaves_a_hole_that_is_told(tmp_path: Path) -> None:
    found = rules(tmp_path, long_csv([0.01, 0.02, 0.03]) + "A,2031-04,0.01\n")
    assert found == {
        "hole": "no series has a value between 2013-03 and 2031-04 (216 periods); check the dates"
    }


def test_a_file_cut_in_mid_month_is_told(tmp_path: Path) -> None:
    days = ("2013-01-31", "2013-02-28", "2013-03-29", "2013-04-12")
    rows = "".join(f"{fund},{day},0.0{i + 1}\n" for fund in "AB" for i, day in enumerate(days))
    found = rules(tmp_path, "fund,date,ret\n" + rows)
    assert found == {
        "partial_month": "2013-04: 2 series stop by 2013-04-12, before the month's end, so their "
        "last return is a part of a month (--clean drops it)"
    }


def test_the_columns_risk_free_rate_is_used_in_its_stated_unit(tmp_path: Path) -> None:
    """3 % a year is 1.03^(1/12) - 1 = 0.2466 % a month."""
    rows = "".join(f"A,2013-0{m},0.0{m},3\n" for m in (1, 2, 3))
    file = write(tmp_path, "fund,month,ret,rf\n" + rows)
    panel = load_panel(file, risk_free_unit="yield_pct_pa").panel
    np.testing.assert_allclose(panel.risk_free, 0.0024662698, rtol=1e-7)
    np.testing.assert_allclose(panel.excess[0], np.array([0.01, 0.02, 0.03]) - 0.0024662698)


def test_an_annual_rate_taken_for_a_monthly_one_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"A,2013-0{m},0.0{m},0.03\n" for m in (1, 2, 3))
    file = write(tmp_path, "fund,month,ret,rf\n" + rows)
    with pytest.raises(DataError, match="an annual rate was taken for a periodic one"):
        load_panel(file, risk_free_unit="decimal")


def test_a_file_of_rates_overrules_the_column(tmp_path: Path) -> None:
    rows = "".join(f"A,2013-0{m},0.0{m},0.5\n" for m in (1, 2, 3))
    file = write(tmp_path, "fund,month,ret,rf\n" + rows)
    rates = write(tmp_path, long_csv([0.001, 0.002, 0.003]).replace("fund,", "x,"), "rates.csv")
    text = rates.read_text().replace("A,", "").replace("x,", "")
    rates = write(tmp_path, text, "rates.csv")
    panel = load_panel(file, risk_free=rates).panel
    assert panel.risk_free.tolist() == [0.001, 0.002, 0.003]


def test_checked_returns_become_a_table_that_reads_back(tmp_path: Path) -> None:
    text = "fund,month,ret,style\nA,2013-01,0.01,x\nA,2013-02,0.02,x\nA,2013-03,0.03,x\n"
    first = load_panel(write(tmp_path, text)).panel
    table = returns_table(check_file(write(tmp_path, text)))
    assert table.columns == ["series", "period", "return", "group"]
    again = load_panel(write(tmp_path, table.write_csv(), "again.csv")).panel
    assert (again.data_hash, again.groups) == (first.data_hash, first.groups)


def test_several_id_columns_make_one_name(tmp_path: Path) -> None:
    text = "house,fund,month,ret\n" + "".join(
        f"{house},G,2013-0{m},0.0{m}\n" for house in "MN" for m in (1, 2, 3)
    )
    panel = load_panel(write(tmp_path, text), columns=ColumnChoice(series=("house", "fund"))).panel
    assert panel.ids == ("M / G", "N / G")


def test_errors_are_picked_from_findings() -> None:
    error = Finding("f.csv", 3, "ret", "A", "duplicate", "twice")
    warning = Finding("f.csv", None, "", "", "hole", "gap", "warning")
    assert errors_of([error, warning]) == [error]
