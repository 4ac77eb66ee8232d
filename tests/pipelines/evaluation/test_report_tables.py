"""Tables of the report and of the console."""

from __future__ import annotations

import pytest

from pipelines.evaluation.evaluate import ALL, SAMPLE, Evaluation, evaluate
from pipelines.evaluation.report_tables import (
    COLUMNS,
    full_table,
    number,
    p_text,
    score_tables,
    significance_tables,
    superiority_table,
    text_tables,
)
from tests.pipelines.evaluation.tables import ROLES, contest_table


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(contest_table(series=30), ROLES, seed=0)


def test_there_is_a_table_for_each_target_and_score(found: Evaluation) -> None:
    tables = score_tables(found, ALL)
    assert [t.caption for t in tables] == [
        "RMSE, forward",
        "CRPS, forward",
        "RMSE, rolling",
        "CRPS, rolling",
    ]
    assert tables[0].headings == ("6", "9")
    assert tables[0].names == ("ens", "lstm", "mean")
    assert score_tables(found, SAMPLE)[0].names == ("ens", "lstm", "mean", "slow")


def test_the_smallest_of_a_column_is_marked_best_and_in_the_set(found: Evaluation) -> None:
    best, *others = score_tables(found, ALL)[0].cells
    assert all(cell.marks == ("best", "in_set") for cell in best)
    assert all(cell.marks == () for row in others for cell in row)
    assert best[0].text == number(found.rows[0]["rmse"], 3)


def test_the_significance_of_a_win_and_of_a_loss_is_marked(found: Evaluation) -> None:
    table = significance_tables(found, "ens")[0]
    assert (table.caption, table.names) == ("RMSE, all series", ("lstm", "mean"))
    assert table.groups == (("forward", 2), ("rolling", 2))
    assert {cell.marks for row in table.cells for cell in row} == {("better",)}
    swapped = evaluate(contest_table(series=30, noise={"ens": 1.0, "mean": 0.3}), ROLES, seed=0)
    table = significance_tables(swapped, "ens")[0]
    assert {cell.marks for cell in table.cells[0]} == {("worse",)}


def test_on_one_origin_a_dash_stands_for_the_p_value() -> None:
    alone = evaluate(contest_table(origins=1), ROLES, seed=0)
    cells = significance_tables(alone, "ens")[0].cells + superiority_table(alone).cells
    assert {cell.text for row in cells for cell in row} == {"–"}


def test_superiority_is_asked_both_ways_for_each_loss(found: Evaluation) -> None:
    table = superiority_table(found)
    assert len(table.names) == len(table.cells) == 4
    assert {cell.text for cell in table.cells[0]} == {">0.999"}
    assert {cell.marks for cell in table.cells[1]} == {("found",)}


def test_the_full_table_has_every_score(found: Evaluation) -> None:
    table = full_table(found.rows, "all")
    assert len(table.headings) == len(COLUMNS) + 2
    assert len(table.cells) == len(found.rows)
    assert table.cells[0][:4] == full_table(found.rows[:1], "one").cells[0][:4]
    assert (table.cells[0][2].text, table.cells[0][3].text) == ("12", "360")


def test_the_console_gets_aligned_text_with_a_star_at_the_best(found: Evaluation) -> None:
    lines = text_tables(found).splitlines()
    assert lines[0].split() == ["RMSE,", "forward", "6", "9"]
    assert lines[1].startswith("ens ")
    assert lines[1].count("*") == 2
    assert "*" not in lines[2]
    assert {line.index("0.") for line in lines[1:3]} == {lines[1].index("0.")}


def test_numbers_and_p_values_read_well() -> None:
    assert (number(-1234.5678, 2), number(None, 3), number(7, 0)) == ("−1,234.57", "–", "7")
    assert (p_text(0.0004), p_text(0.0123), p_text(0.9999)) == ("<0.001", "0.012", ">0.999")
