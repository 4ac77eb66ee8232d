"""Cleaning repairs what is safe, leaves what is not, and writes down both."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from pipelines.datasets.checking import check_file
from pipelines.datasets.cleaning import write_actions
from pipelines.datasets.findings import Action
from pipelines.datasets.funds import LoadedPanel, load_panel
from pipelines.datasets.jumps import with_jumps
from tests.pipelines.datasets.files import long_csv, wide_csv, write

NAN = float("nan")


def cleaned(folder: Path, text: str) -> LoadedPanel:
    return load_panel(write(folder, text), clean=True)


def told(loaded: LoadedPanel) -> list[tuple[str, str, str]]:
    return [(a.rule, a.series, a.period) for a in loaded.actions]


def test_a_good_file_is_left_alone(tmp_path: Path) -> None:
    loaded = cleaned(tmp_path, wide_csv(A=[0.01, 0.02, 0.03], B=[0.02, -0.01, 0.01]))
    assert loaded.actions == ()
    assert loaded.panel.returns.tolist() == [[0.01, 0.02, 0.03], [0.02, -0.01, 0.01]]


def test_percents_become_decimals_with_their_benchmark(tmp_path: Path) -> None:
    rows = "".join(f"A,2013-0{m},{m},{2 * m}\n" for m in (1, 2, 3))
    loaded = cleaned(tmp_path, "fund,month,ret,benchmark\n" + rows)
    np.testing.assert_allclose(loaded.panel.returns, [[0.01, 0.02, 0.03]])
    np.testing.assert_allclose(loaded.benchmark, [[0.02, 0.04, 0.06]])
    assert [a.message for a in loaded.actions] == ["3 returns in percent divided by 100"]


def test_a_decimal_benchmark_of_percent_returns_stays(tmp_path: Path) -> None:
    rows = "".join(f"A,2013-0{m},{m},0.0{m}\n" for m in (1, 2, 3))
    loaded = cleaned(tmp_path, "fund,month,ret,benchmark\n" + rows)
    np.testing.assert_allclose(loaded.benchmark, [[0.01, 0.02, 0.03]])


def test_a_file_of_both_units_is_not_guessed_at(tmp_path: Path) -> None:
    text = wide_csv(A=[1.2, -0.8, 2.5], B=[1.2, -0.8, 0.9], C=[0.01, -0.02, 0.01])
    with pytest.raises(DataError, match="some series do not, so --clean leaves them"):
        cleaned(tmp_path, text)


@pytest.mark.parametrize("mark", [-99.99, -999, -9999])
def test_marks_of_missing_values_become_missing_before_percents_do(
    mark: float, tmp_path: Path
) -> None:
    """Divided by 100, -99.99 would be a return that a fund can have."""
    loaded = cleaned(tmp_path, long_csv([1.2, mark, 2.2, -0.7]))
    np.testing.assert_allclose(loaded.panel.returns, [[0.012, NAN, 0.022, -0.007]])
    assert told(loaded)[0] == ("missing_mark", "A", "2013-02")


def test_infinities_become_missing(tmp_path: Path) -> None:
    loaded = cleaned(tmp_path, long_csv([0.01, "inf", 0.02, 0.03]))
    np.testing.assert_array_equal(loaded.panel.returns, [[0.01, NAN, 0.02, 0.03]])
    assert told(loaded) == [("not_finite", "A", "2013-02")]


def test_equal_repeats_are_dropped_and_differing_ones_refused(tmp_path: Path) -> None:
    text = long_csv([0.01, 0.02, 0.03])
    loaded = cleaned(tmp_path, text + "A,2013-02,0.02\n")
    assert loaded.panel.returns.tolist() == [[0.01, 0.02, 0.03]]
    first = loaded.actions[0]
    assert (first.rule, first.row, first.before, first.after) == ("duplicate", 5, 0.02, 0.02)
    with pytest.raises(DataError, match="more than one value for 2013-02"):
        cleaned(tmp_path, text + "A,2013-02,0.05\n")


def test_rows_are_sorted(tmp_path: Path) -> None:
    text = "fund,month,ret\nA,2013-02,0.02\nA,2013-01,0.01\nA,2013-03,0.03\n"
    loaded = cleaned(tmp_path, text)
    assert [a.message for a in loaded.actions] == [
        "1 rows came before an earlier date; sorted by series and date"
    ]
    assert loaded.findings == ()


def test_a_tenfold_nav_is_a_change_of_face_value(tmp_path: Path) -> None:
    """10.1 -> 102 is 102 / 101 - 1 = 0.99 % on the new face value."""
    loaded = cleaned(tmp_path, long_csv([10, 10.1, 102, 103.02, 104.05], value="nav"))
    np.testing.assert_allclose(
        loaded.panel.returns[0], [0.01, 102 / 101 - 1, 0.01, 104.05 / 103.02 - 1]
    )
    assert told(loaded) == [("face_value", "A", "2013-03")]
    assert loaded.actions[0].before == pytest.approx(102 / 10.1 - 1)
    assert loaded.actions[0].after == pytest.approx(102 / 101 - 1)


def test_a_hundredth_of_a_nav_is_a_change_of_face_value(tmp_path: Path) -> None:
    loaded = cleaned(tmp_path, long_csv([1000, 1010, 10.201, 10.30301], value="nav"))
    np.testing.assert_allclose(loaded.panel.returns[0], [0.01, 0.01, 0.01])


def test_a_wrong_print_costs_both_its_returns(tmp_path: Path) -> None:
    loaded = cleaned(tmp_path, long_csv([100, 101, 7100, 101, 102.01, 103.0301], value="nav"))
    np.testing.assert_allclose(loaded.panel.returns[0], [0.01, NAN, NAN, 0.01, 0.01])
    assert told(loaded) == [("wrong_print", "A", "2013-03"), ("wrong_print", "A", "2013-04")]


def test_a_broken_level_costs_one_return(tmp_path: Path) -> None:
    loaded = cleaned(tmp_path, long_csv([100, 101, 737, 744.37, 751.8137], value="nav"))
    np.testing.assert_allclose(loaded.panel.returns[0], [0.01, NAN, 0.01, 0.01])


def test_a_month_that_the_file_measures_in_part_is_dropped(tmp_path: Path) -> None:
    days = ("2013-01-31", "2013-02-28", "2013-03-29", "2013-04-12")
    rows = "".join(f"{fund},{day},0.0{i + 1}\n" for fund in "AB" for i, day in enumerate(days))
    loaded = cleaned(tmp_path, "fund,date,ret\n" + rows)
    assert loaded.panel.periods == ("2013-01", "2013-02", "2013-03")
    assert [a.message for a in loaded.actions] == [
        "2 series stop by 2013-04-12, before the month's end; their last return dropped"
    ]


def test_a_fund_that_dies_in_mid_month_keeps_its_last_return(tmp_path: Path) -> None:
    rows = "".join(
        f"{fund},{day},0.01{i}\n"
        for fund in "ABC"
        for i, day in enumerate(("2013-01-31", "2013-02-28", "2013-03-29", "2013-04-30"))
    )
    loaded = cleaned(tmp_path, "fund,date,ret\n" + rows + "D,2013-01-31,0.01\nD,2013-02-11,0.02\n")
    assert loaded.actions == ()
    assert np.isfinite(loaded.panel.returns[3]).tolist() == [True, True, False, False]


def test_dates_that_stand_for_the_start_of_a_month_are_no_early_end(tmp_path: Path) -> None:
    assert cleaned(tmp_path, long_csv([0.01, 0.02, 0.03])).actions == ()


def test_text_and_total_losses_stay_for_a_person(tmp_path: Path) -> None:
    file = write(tmp_path, long_csv([0.01, "n/k", -1.0, 0.02, 0.03, 0.01]))
    found = check_file(file, clean=True).findings
    assert [(f.rule, f.row) for f in found] == [("not_a_number", 3), ("impossible", 4)]


def test_actions_are_written_as_json(tmp_path: Path) -> None:
    actions = [Action("face_value", "Élan", "2013-03", 4, 9.1, 0.01, "power of ten taken out")]
    write_actions(actions, tmp_path / "actions.json")
    assert json.loads((tmp_path / "actions.json").read_text()) == [
        {
            "rule": "face_value",
            "series": "Élan",
            "period": "2013-03",
            "row": 4,
            "before": 9.1,
            "after": 0.01,
            "message": "power of ten taken out",
        }
    ]


@pytest.mark.parametrize(
    ("value", "usual", "jump"),
    [
        (9.02, 0.01, "face_value"),
        (99.3, 0.003, "face_value"),
        (-0.9, 0.002, "face_value"),
        (-0.9, 0.2, "extreme"),
        (-0.99, 0.2, "face_value"),
        (4.5, 0.1, "level_break"),
        (2.5, 0.1, "extreme"),
        (1.9, 0.1, None),
        (-0.79, 0.1, None),
        (-0.985, 0.01, "level_break"),
    ],
)
def test_a_jump_is_judged_by_what_is_usual_for_its_fund(
    value: float, usual: float, jump: str | None
) -> None:
    """A fall of 90 % happens to leveraged funds, not to one that moves 0.2 % a month."""
    returns = [usual, -usual, usual, value, -usual, usual, usual]
    frame = pl.DataFrame({"series": ["A"] * 7, "period": range(7), "value": returns})
    assert with_jumps(frame)["jump"].to_list() == [None] * 3 + [jump] + [None] * 3
