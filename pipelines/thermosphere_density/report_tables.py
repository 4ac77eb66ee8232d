"""Tables of the density report: numbers turned into cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.evaluation.page import Cell, Table, number, p_text
from pipelines.evaluation.rankings import Metric, off
from pipelines.thermosphere_density.results_rows import ALL, STORM, Row
from pipelines.thermosphere_density.scoring import CLASSES
from pipelines.thermosphere_density.verdict import DensityVerdict
from pipelines.thermosphere_density.verdict_tests import TESTED, sure, sure_of_rival

#: Score -> caption, digits, factor.
SCORES: dict[str, tuple[str, int, float]] = {
    "mape": ("Mean absolute percentage error, %", 2, 1.0),
    "nlpd": ("Negative log predictive density of log10 density", 3, 1.0),
    "crps": ("CRPS of log10 density, 1/1000", 2, 1000.0),
    "calibration_error_score": ("Calibration error score, %", 1, 1.0),
    "coverage_90": ("Coverage of 90 % intervals, %", 1, 100.0),
}
#: Metrics that models are ranked by.
RANKED: tuple[Metric, ...] = (
    Metric("mape", "MAPE"),
    Metric("nlpd", "NLPD"),
    Metric("crps", "CRPS"),
    Metric("calibration_error_score", "calibration error"),
    Metric("coverage_90", "90 % coverage", off(0.9)),
)
_TEST_NAMES = {"mape": "MAPE", "nlpd": "NLPD", "crps": "CRPS"}


def segment_groups(rows: Sequence[Row]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Titles over columns, and the segments under each, as far as there are rows."""
    known = list(dict.fromkeys(row["segment"] for row in rows))
    days = tuple(name for name in known if name.startswith("day"))
    storms = tuple(name for name in known if name.startswith(STORM))
    classes = tuple(name for name in CLASSES if name in known)
    rest = (ALL, *classes, *days, *storms)
    bands = tuple(name for name in known if name not in rest)
    groups = (
        ("", (ALL,)),
        ("Kp class", classes),
        ("day of the window", days),
        ("height", bands),
        ("storm", storms),
    )
    return tuple((title, names) for title, names in groups if names)


def score_table(
    rows: Sequence[Row], score: str, groups: tuple[tuple[str, tuple[str, ...]], ...]
) -> Table:
    """Model × segment; the best of a column is marked where less is better."""
    caption, digits, factor = SCORES[score]
    models = list(dict.fromkeys(row["model"] for row in rows))
    columns = [name for _, names in groups for name in names]
    values = {(row["model"], row["segment"]): factor * row[score] for row in rows}
    best = {
        name: min((values[m, name] for m in models if (m, name) in values), default=None)
        for name in columns
    }
    ranked = score != "coverage_90"

    def cell(model: str, name: str) -> Cell:
        value = values.get((model, name))
        marked = ranked and value is not None and value == best[name]
        return Cell(number(value, digits), ("best",) if marked else ())

    return Table(
        caption,
        tuple(_heading(name) for name in columns),
        tuple(models),
        tuple(tuple(cell(m, name) for name in columns) for m in models),
        tuple((title, len(names)) for title, names in groups),
    )


def lead_table(leads: Sequence[Row]) -> Table:
    """Model × day of lead, error on the same days; the best of a column is marked."""
    models = list(dict.fromkeys(row["model"] for row in leads))
    days = list(dict.fromkeys(row["lead"] for row in leads))
    values = {(row["model"], row["lead"]): row["mape"] for row in leads}
    best = {day: min(v for (_, lead), v in values.items() if lead == day) for day in days}
    cells = tuple(
        tuple(
            Cell(number(values[m, d], 2), ("best",) if values[m, d] == best[d] else ())
            for d in days
        )
        for m in models
    )
    caption = "Mean absolute percentage error on the same days, %, by days of lead"
    return Table(caption, tuple(map(str, days)), tuple(models), cells)


def goal_table(verdict: DensityVerdict) -> Table:
    """The aims: what was measured, what was wanted."""
    cells = tuple(
        (
            Cell(f"{number(goal.value, goal.digits)}{goal.unit}"),
            Cell(f"{'<' if goal.below else '≤'} {number(goal.limit, goal.digits)}{goal.unit}"),
            Cell("met", ("better",)) if goal.met else Cell("missed", ("worse",)),
        )
        for goal in verdict.goals
    )
    names = tuple(goal.text for goal in verdict.goals)
    return Table("Aims", ("measured", "wanted", ""), names, cells)


def significance_table(tests: Sequence[Row]) -> Table:
    """p-values of the emulator against each rival, marked where both tests agree."""
    rivals = list(dict.fromkeys(row["model_b"] for row in tests))
    found = {(row["model_b"], row["segment"], row["loss"]): row for row in tests}

    def cell(rival: str, segment: str, loss: str) -> Cell:
        row = found[rival, segment, loss]
        if row["p_value"] is None:
            return Cell("–")
        mark = "better" if sure(row) else "worse" if sure_of_rival(row) else ""
        return Cell(p_text(row["p_value"]), (mark,) if mark else ())

    return Table(
        "One-sided p-values, daily means",
        tuple(
            f"{_TEST_NAMES[loss]}{'' if segment == ALL else f' in {segment} storms'}"
            for segment, loss in TESTED
        ),
        tuple(rivals),
        tuple(tuple(cell(rival, *key) for key in TESTED) for rival in rivals),
    )


def satellite_table(rows: Sequence[Mapping[str, Any]], by: str) -> Table | None:
    """MAPE and coverage against real satellites, group × model; None without any rows.

    by  what `year` holds: a year, or the name of a storm

    Groups are everything, each satellite, and each year: the rest is in metrics.json.
    """
    if not rows:
        return None
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    found = {(row["model"], str(row["satellite"]), str(row["year"])): row for row in rows}
    groups = [
        key
        for key in dict.fromkeys((str(row["satellite"]), str(row["year"])) for row in rows)
        if ALL in key
    ]
    return Table(
        f"MAPE, % (share inside 90 % intervals, %), by {by}",
        ("samples", *models),
        tuple(_group(*key) for key in groups),
        tuple(
            (
                Cell(number(max(found[m, *key]["n"] for m in models if (m, *key) in found), 0)),
                *_marked([found.get((model, *key)) for model in models]),
            )
            for key in groups
        ),
    )


def _marked(rows: Sequence[Mapping[str, Any] | None]) -> list[Cell]:
    """A cell per model, the smallest error marked."""
    best = min(row["mape"] for row in rows if row is not None)
    return [
        Cell("–") if row is None else Cell(_scores(row), ("best",) if row["mape"] == best else ())
        for row in rows
    ]


def _scores(row: Mapping[str, Any]) -> str:
    covered = row["coverage_90"]
    inside = "" if covered is None else f" ({number(100.0 * covered, 0)})"
    return f"{number(row['mape'], 1)}{inside}"


def _group(satellite: str, year: str) -> str:
    if satellite == year == ALL:
        return "all samples"
    return year if satellite == ALL else satellite


def _heading(segment: str) -> str:
    return segment.removeprefix(STORM).removeprefix("day").removesuffix(" km")
