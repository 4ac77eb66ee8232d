"""How forecasts fared, as one HTML page: running error, bias and coverage, by version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from matplotlib.figure import Figure

from pipelines.evaluation.page import Cell, Picture, Table, number, page_environment, picture
from pipelines.evaluation.style import Palette, legend_below, panels, styled

PACKAGE, TEMPLATE = "pipelines.monitoring", "outcomes.html.j2"
#: Coverage of 90 % intervals beyond which a cell is marked.
_BOUNDS = (0.85, 0.95)
UNITS = {"fund-sharpe": "Sharpe ratio", "thermosphere-density": "% of what was measured"}
#: Samples in words; see outcome_table.SAMPLES.
_SEEN = {"out": "", "in": ", seen in training", "unknown": ", version unknown"}
_COLUMNS = ("n", "bias", "mae", "rmse", "coverage_90")


def render_outcomes(
    scores: Sequence[Mapping[str, Any]],
    series: Sequence[Mapping[str, Any]],
    periods: Mapping[str, pl.DataFrame],
) -> str:
    """Return the HTML; names from data are escaped.

    scores, series  of `OutcomeStore`, periods per predictor
    """
    predictors = list(dict.fromkeys(str(row["predictor"]) for row in scores))
    versions = list(dict.fromkeys(str(row["version"]) for row in scores))
    palette = Palette(versions, versions)
    parts = [
        {
            "name": name,
            "unit": UNITS.get(name, ""),
            "table": score_table([row for row in scores if row["predictor"] == name]),
            "worst": _worst([row for row in series if row["predictor"] == name]),
            "key": f"course-{place}",
        }
        for place, name in enumerate(predictors)
    ]
    pictures = [
        _course(f"course-{place}", name, periods[name], palette)
        for place, name in enumerate(predictors)
        if name in periods and periods[name].height
    ]
    about = {
        "title": "Outcomes of forecasts",
        "question": "Forecasts whose outcome is known by now: how far off were they, on which "
        "side, and did the intervals hold what they promise?",
    }
    return (
        page_environment(PACKAGE)
        .get_template(TEMPLATE)
        .render(
            about=about,
            verdict={"headline": headline(scores), "sentences": []},
            strip=[],
            parts=parts,
            pictures=pictures,
            colours={version: palette.colour(version) for version in versions},
        )
    )


def headline(scores: Sequence[Mapping[str, Any]]) -> str:
    """How many outcomes there are, and how the intervals did out of sample."""
    unseen = [row for row in scores if row["sample"] == "out"]
    count = sum(int(row["n"]) for row in unseen)
    held = [(int(row["n"]), row["coverage_90"]) for row in unseen if row["coverage_90"] is not None]
    if not held:
        return f"{count} outcomes of forecasts that no model had seen."
    share = sum(n * covered for n, covered in held) / sum(n for n, _ in held)
    return (
        f"{count} outcomes of forecasts that no model had seen; 90 % intervals held {share:.1%} "
        "of them."
    )


def score_table(scores: Sequence[Mapping[str, Any]]) -> Table:
    """Version, target and horizon × n, bias, errors, coverage."""
    return Table(
        "Running scores",
        ("outcomes", "bias", "mean absolute error", "root mean square error", "90 % held, %"),
        tuple(_name(row) for row in scores),
        tuple(tuple(_cell(row, column) for column in _COLUMNS) for row in scores),
    )


def _name(row: Mapping[str, Any]) -> str:
    ahead = f", {row['horizon']} ahead" if row["horizon"] else ""
    return f"{row['version']}: {row['target']}{ahead}{_SEEN[row['sample']]}"


def _cell(row: Mapping[str, Any], column: str) -> Cell:
    value = row[column]
    if column == "n":
        return Cell(number(value, 0))
    if column != "coverage_90" or value is None:
        return Cell(number(value, 3))
    low, high = _BOUNDS
    marks = () if low <= value <= high else ("worse",)
    return Cell(number(100.0 * value, 1), marks)


def _worst(series: Sequence[Mapping[str, Any]], count: int = 15) -> Table | None:
    """The series with the largest errors; None without any."""
    ranked = sorted(series, key=lambda row: -float(row["rmse"]))[:count]
    if not ranked:
        return None
    return Table(
        "Series with the largest errors",
        ("outcomes", "bias", "mean absolute error", "root mean square error", "90 % held, %"),
        tuple(f"{row['series']} ({row['version']}, {row['target']})" for row in ranked),
        tuple(tuple(_cell(row, column) for column in _COLUMNS) for row in ranked),
    )


def _course(key: str, name: str, periods: pl.DataFrame, palette: Palette) -> Picture:
    return picture(
        key,
        f"Month by month: {name}",
        "Root mean square error, bias, and share of 90 % intervals that held, over the month that "
        "was forecast; all targets and horizons of a version together.",
        course(periods, UNITS.get(name, ""), palette),
    )


@styled
def course(periods: pl.DataFrame, unit: str, palette: Palette) -> Figure:
    """Error, bias and coverage over time, a line per version."""
    figure, axes = panels(3, 1, height=2.0)
    weighted = periods.group_by("version", "month", maintain_order=True).agg(
        ((pl.col("rmse") ** 2 * pl.col("n")).sum() / pl.col("n").sum()).sqrt().alias("rmse"),
        ((pl.col("bias") * pl.col("n")).sum() / pl.col("n").sum()).alias("bias"),
        ((pl.col("coverage_90") * pl.col("n")).sum() / pl.col("n").sum()).alias("coverage_90"),
    )
    labels = (("rmse", f"RMSE, {unit}"), ("bias", f"bias, {unit}"), ("coverage_90", "coverage"))
    months = sorted(weighted["month"].unique().to_list())
    place = {month: x for x, month in enumerate(months)}
    for axis, (column, label) in zip(axes[:, 0], labels, strict=True):
        for (version,), part in (
            weighted.sort("month").partition_by("version", as_dict=True).items()
        ):
            x = [place[month] for month in part["month"]]
            axis.plot(x, part[column], label=version, **palette.line(str(version)))
        axis.set_ylabel(label)
        step = max(len(months) // 8, 1)
        axis.set_xticks(range(0, len(months), step), months[::step])
    axes[1, 0].axhline(0.0, linewidth=0.6, color="0.6")
    axes[2, 0].axhline(0.9, linewidth=0.6, color="0.6")
    legend_below(figure, axes[2, 0])
    return figure
