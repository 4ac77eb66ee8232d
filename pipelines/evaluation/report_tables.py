"""Tables of the report and of the console: numbers turned into cells.

A cell carries its text and a mark; the template decides how a mark looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from pipelines.evaluation.evaluate import ALL, Evaluation, Rows
from pipelines.evaluation.page import Cell, Table, number, p_text
from pipelines.evaluation.rankings import Metric, larger, off
from pipelines.evaluation.standings import LABEL, SCORE_OF, SIGNIFICANT, decide, where

#: Scores of the full table, in order: key, heading, digits.
COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("n_origins", "origins", 0),
    ("n_forecasts", "forecasts", 0),
    ("rmse", "RMSE", 3),
    ("mae", "MAE", 3),
    ("mase", "MASE", 3),
    ("smape", "sMAPE %", 1),
    ("crps", "CRPS", 3),
    ("coverage_50", "50 %", 3),
    ("coverage_80", "80 %", 3),
    ("coverage_90", "90 %", 3),
    ("coverage_95", "95 %", 3),
    ("rank_ic", "rank IC", 3),
    ("rank_ic_t", "t", 1),
    ("decile_spread", "decile spread", 3),
    ("decile_spread_t", "t", 1),
    ("turnover", "turnover", 2),
)


#: Metrics that models are ranked by.
RANKED: tuple[Metric, ...] = (
    Metric("rmse", "RMSE"),
    Metric("mae", "MAE"),
    Metric("mase", "MASE"),
    Metric("smape", "sMAPE"),
    Metric("crps", "CRPS"),
    Metric("coverage_90", "90 % coverage", off(0.9)),
    Metric("rank_ic", "rank IC", larger),
    Metric("decile_spread", "decile spread", larger),
)


def score_tables(found: Evaluation, scope: str) -> list[Table]:
    """Return model × horizon tables of RMSE and CRPS, one per target and score.

    The smallest of a column is marked best, models of the confidence set in_set.
    """
    rows = found.rows if scope == ALL else found.sample_rows
    targets = dict.fromkeys(row["target"] for row in rows)
    return [
        _score_table(where(rows, {"target": target}), found, scope, target, loss)
        for target in targets
        for loss in SCORE_OF
    ]


def _score_table(rows: Rows, found: Evaluation, scope: str, target: str, loss: str) -> Table:
    score = SCORE_OF[loss]
    models = list(dict.fromkeys(row["model"] for row in rows))
    horizons = sorted({row["horizon"] for row in rows})
    values = {(row["model"], row["horizon"]): row[score] for row in rows}
    about = {"scope": scope, "target": target, "loss": loss}
    included = {row["horizon"]: row["included"] or [] for row in where(found.mcs, about)}
    best = {h: min(values[m, h] for m in models if (m, h) in values) for h in horizons}

    def cell(model: str, horizon: int) -> Cell:
        value = values.get((model, horizon))
        marks = ["best"] if value == best[horizon] else []
        marks += ["in_set"] if model in included.get(horizon, ()) else []
        return Cell(number(value, 3), tuple(marks))

    return Table(
        caption=f"{LABEL[score]}, {target}",
        headings=tuple(str(h) for h in horizons),
        names=tuple(models),
        cells=tuple(tuple(cell(m, h) for h in horizons) for m in models),
    )


def significance_tables(found: Evaluation, model: str) -> list[Table]:
    """Return p-values of `model` against each rival, one table per scope and loss.

    Columns are target and horizon, p-values those of the Diebold-Mariano test. Marked
    with what it and the fixed-smoothing test decide together.
    """
    rows = where(found.tests, {"model_a": model})
    keys = dict.fromkeys((row["scope"], row["loss"]) for row in rows)
    return [
        _significance_table(where(rows, {"scope": scope, "loss": loss}), scope, loss)
        for scope, loss in keys
    ]


def _significance_table(rows: Rows, scope: str, loss: str) -> Table:
    leads = list(dict.fromkeys((row["target"], row["horizon"]) for row in rows))
    rivals = list(dict.fromkeys(row["model_b"] for row in rows))
    tests: dict[tuple[str, tuple[str, int]], Rows] = {}
    for row in rows:
        key = row["model_b"], (row["target"], row["horizon"])
        tests.setdefault(key, []).append(row)
    series = "all series" if scope == ALL else "the sample of series"
    return Table(
        caption=f"{LABEL[SCORE_OF[loss]]}, {series}",
        headings=tuple(str(horizon) for _, horizon in leads),
        names=tuple(rivals),
        cells=tuple(tuple(_p_cell(tests.get((r, lead), [])) for lead in leads) for r in rivals),
        groups=_by_target(leads),
    )


def _by_target(leads: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple((target, len(list(same))) for target, same in groupby(t for t, _ in leads))


def _p_cell(tests: Rows) -> Cell:
    """The first row of a pair is the Diebold-Mariano test."""
    if not tests or tests[0]["p_value"] is None:
        return Cell("–")
    return Cell(p_text(tests[0]["p_value"]), (decide(tests).value,))


def superiority_table(found: Evaluation) -> Table:
    """Return both tests of superior predictive ability, all series, by loss and lead."""
    rows = where(found.superiority, {"scope": ALL})
    leads = list(dict.fromkeys((row["target"], row["horizon"]) for row in rows))
    ensemble = found.roles.ensemble
    names, cells = [], []
    for loss in SCORE_OF:
        for first, question in (
            (True, f"is some baseline better than {ensemble}?"),
            (False, "does a judged model beat the best baseline?"),
        ):
            here = {
                (r["target"], r["horizon"]): r["p_value"]
                for r in where(rows, {"loss": loss})
                if (r["benchmark"] == ensemble) == first
            }
            names.append(f"{LABEL[SCORE_OF[loss]]}: {question}")
            cells.append(tuple(_small_p(here.get(lead)) for lead in leads))
    return Table(
        caption="Superior predictive ability, all series",
        headings=tuple(str(horizon) for _, horizon in leads),
        names=tuple(names),
        cells=tuple(cells),
        groups=_by_target(leads),
    )


def _small_p(p_value: float | None) -> Cell:
    if p_value is None:
        return Cell("–")
    return Cell(p_text(p_value), ("found",) if p_value < SIGNIFICANT else ())


def full_table(rows: Sequence[Mapping[str, Any]], caption: str) -> Table:
    """Return every score of every row."""
    return Table(
        caption=caption,
        headings=("target", "horizon", *(heading for _, heading, _ in COLUMNS)),
        names=tuple(row["model"] for row in rows),
        cells=tuple(
            (
                Cell(row["target"]),
                Cell(str(row["horizon"])),
                *(Cell(number(row[key], digits)) for key, _, digits in COLUMNS),
            )
            for row in rows
        ),
    )


def text_tables(found: Evaluation) -> str:
    """Return RMSE and CRPS by horizon as plain text; a star marks the smallest."""
    return "\n\n".join(_as_text(table) for table in score_tables(found, ALL))


def _as_text(table: Table) -> str:
    width = max(len(table.caption), *(len(name) for name in table.names))
    lines = [f"{table.caption:<{width}}" + "".join(f"{h:>9}" for h in table.headings)]
    for name, cells in zip(table.names, table.cells, strict=True):
        shown = "".join(f"{c.text:>8}{'*' if 'best' in c.marks else ' '}" for c in cells)
        lines.append(f"{name:<{width}}{shown}".rstrip())
    return "\n".join(lines)
