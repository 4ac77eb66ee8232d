"""Tables of the page of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.evaluation.page import Cell, Table, number, p_text
from pipelines.retraining.domain import CHALLENGER, CHAMPION, Comparison


def leads_table(comparison: Comparison, accuracy: Mapping[str, Any]) -> Table:
    """Every lead: scores of both, the difference of losses, and its tests."""
    measure = _measure(comparison)
    headings = (
        f"{measure} champion",
        "challenger",
        f"{comparison.loss} change",
        "dates",
        "p better",
        "p smooth",
        "p worse",
        "90 % champion",
        "challenger",
    )
    tests = accuracy["leads"]
    return Table(
        "Champion and challenger on the same dates",
        headings,
        ("all, pooled", *(test["lead"] for test in tests)),
        (_row(accuracy["pooled"], None, comparison, measure), *_rows(tests, comparison, measure)),
    )


def _measure(comparison: Comparison) -> str:
    """The plain error that the predictor is known by."""
    names = next(iter(comparison.scores[CHALLENGER].values()))
    return next(name for name in ("rmse", "mape") if name in names)


def _rows(
    tests: Sequence[Mapping[str, Any]], comparison: Comparison, measure: str
) -> tuple[tuple[Cell, ...], ...]:
    return tuple(_row(test, test["lead"], comparison, measure) for test in tests)


def _row(
    test: Mapping[str, Any], lead: str | None, comparison: Comparison, measure: str
) -> tuple[Cell, ...]:
    better = (test["p_better"] or 1.0) < 0.05
    worse = (1.0 if test["p_worse"] is None else test["p_worse"]) < 0.05
    marks = ("better",) if better else ("worse",) if worse else ()
    change = Cell(f"{number(100 * test['difference'], 2)} %", marks)
    tested = [_p(test[name]) for name in ("p_better", "p_smooth", "p_worse")]
    if lead is None:
        shares = [f"{comparison.coverage(side):.1%}" for side in (CHAMPION, CHALLENGER)]
        scores = ["", ""]
    else:
        sides = [comparison.scores[side][lead] for side in (CHAMPION, CHALLENGER)]
        shares = [f"{side['coverage_90']:.1%}" for side in sides]
        scores = [number(side[measure], 4) for side in sides]
    return (*map(Cell, scores), change, Cell(str(test["dates"])), *tested, *map(Cell, shares))


def times_table(seconds: Mapping[str, float]) -> Table:
    """How long each step took, over all attempts."""
    return Table(
        "Seconds, over all attempts",
        ("seconds",),
        (*seconds, "all"),
        tuple((Cell(number(value, 1)),) for value in (*seconds.values(), sum(seconds.values()))),
    )


def _p(value: float | None) -> Cell:
    return Cell("–" if value is None else p_text(value))
