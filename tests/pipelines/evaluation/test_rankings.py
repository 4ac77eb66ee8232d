"""Places by each metric, worked by hand."""

from __future__ import annotations

import pytest

from pipelines.evaluation.rankings import (
    Metric,
    agreement,
    larger,
    off,
    ranking_rows,
    ranking_table,
    winners,
)

METRICS = (
    Metric("error", "error"),
    Metric("inside", "90 % coverage", off(0.9)),
    Metric("order", "order", larger),
)


def row(
    model: str, case: int, error: float, inside: float, order: float | None
) -> dict[str, object]:
    return {"model": model, "case": case, "error": error, "inside": inside, "order": order}


#: net wins by error, naive by coverage; by order they share the first place of case 1.
ROWS = [
    row("net", 1, 1.0, 0.70, 0.5),
    row("naive", 1, 2.0, 0.95, 0.5),
    row("net", 2, 1.0, 0.80, 0.4),
    row("naive", 2, 0.5, 0.90, 0.1),
    row("net", 3, 1.0, 0.89, None),
    row("naive", 3, 1.5, 0.92, 0.9),
]


def test_a_place_is_the_mean_of_ranks_and_equal_models_share() -> None:
    found = ranking_rows(ROWS, METRICS, ("case",))
    by = {(one["metric"], one["model"]): one for one in found}
    assert by["error", "net"]["mean_place"] == pytest.approx(4 / 3, abs=1e-4)
    assert by["error", "net"]["first"] == 2
    assert by["inside", "naive"]["mean_place"] == pytest.approx(4 / 3, abs=1e-4)
    # Case 3 has no order of net: it does not count.
    assert by["order", "net"]["cases"] == 2
    assert by["order", "net"]["mean_place"] == pytest.approx(1.25)
    assert by["order", "naive"]["first"] == 1
    assert [one["model"] for one in found] == ["net", "naive", "naive", "net", "net", "naive"]


def test_metrics_that_disagree_are_told() -> None:
    found = ranking_rows(ROWS, METRICS, ("case",))
    assert winners(found) == {"error": ("net",), "inside": ("naive",), "order": ("net",)}
    assert agreement(found, METRICS) == (
        "The metrics do not agree on who comes first: net by error, order; naive by 90 % coverage."
    )
    only = ranking_rows(ROWS, METRICS[:1], ("case",))
    assert agreement(only, METRICS) == "By every metric net comes first."
    assert agreement([], METRICS) == ""


def test_the_table_has_a_column_per_metric_that_was_measured() -> None:
    metrics = (*METRICS, Metric("absent", "absent"))
    table = ranking_table(ranking_rows(ROWS, metrics, ("case",)), metrics, "Places")
    assert table.headings == ("error", "90 % coverage", "order")
    assert table.names == ("net", "naive")
    assert table.cells[0][0].marks == ("best",)
    assert table.cells[0][1].marks == ()
    assert table.cells[1][1].text == "1.3"
