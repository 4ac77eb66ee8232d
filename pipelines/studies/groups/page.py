"""The page of a study by groups, its numbers and its picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipelines.atomic import write_atomic, write_text
from pipelines.evaluation.page import (
    Answer,
    Cell,
    Table,
    flat,
    number,
    p_text,
    page_environment,
    picture,
)
from pipelines.evaluation.style import styled
from pipelines.provenance import provenance
from pipelines.studies.groups.study import (
    UNSEEN,
    USUAL,
    Coefficients,
    Difference,
    GroupStudy,
    headline,
    sentences,
    to_json,
)

PACKAGE = "pipelines.studies.groups"
_COLOURS = {USUAL: "#0b4f8a", UNSEEN: "#d1590a"}


@dataclass(frozen=True)
class About:
    """Heading, question, and what else the reader should know."""

    title: str
    question: str
    protocol: str
    settings: Mapping[str, str]


def write_study(study: GroupStudy, about: About, folder: Path) -> dict[str, Path]:
    """Write groups.html, groups.json and groups.png; name -> path."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"groups.{name}" for name in ("json", "png", "html")}
    numbers: dict[str, Any] = {
        **to_json(study),
        "settings": dict(about.settings),
        "provenance": provenance(),
    }
    write_text(files["json"], json.dumps(numbers, indent=1, allow_nan=False) + "\n")
    figure = losses_figure(study)
    write_atomic(files["png"], lambda file: figure.savefig(file, format="png", dpi=130))
    write_text(files["html"], render(study, about))
    return files


def render(study: GroupStudy, about: About) -> str:
    """The HTML; names from data are escaped."""
    strip = [
        ("groups", str(study.groups)),
        ("left out in turn", f"{study.folds} parts of them"),
        ("forecasts", number(study.rows, 0)),
        ("dates", number(len(study.dates), 0)),
        ("from", study.dates[0]),
        ("to", study.dates[-1]),
    ]
    return (
        page_environment(PACKAGE)
        .get_template("groups.html.j2")
        .render(
            about=about,
            verdict=Answer(f"{headline(study)}.", tuple(sentences(study))),
            strip=strip,
            colours={},
            losses=losses_table(study),
            coefficients=[
                (one.about, coefficients_table(model, one))
                for model, one in study.coefficients.items()
            ],
            pictures=[_picture(study)],
            settings=[*about.settings.items(), *flat(provenance())],
        )
    )


def losses_table(study: GroupStudy) -> Table:
    """Model × way, what being unseen costs, and the price against the best."""
    best = {way: study.loss(study.lowest(way), way) for way in (USUAL, UNSEEN)}

    def cells(model: str) -> tuple[Cell, ...]:
        values = {way: study.loss(model, way) for way in (USUAL, UNSEEN)}
        shown = [Cell(_loss(v), ("best",) if v == best[w] else ()) for w, v in values.items()]
        return (*shown, *_difference_cells(study.cost_of_unseen(model)))

    return Table(
        caption=study.unit,
        headings=("usual", "never trained on", "costs", "p"),
        names=tuple(study.losses),
        cells=tuple(cells(model) for model in study.losses),
    )


def coefficients_table(model: str, one: Coefficients) -> Table:
    """The numbers of a linear model."""
    return Table(
        caption=model,
        headings=one.columns,
        names=tuple(one.rows),
        cells=tuple(tuple(Cell(number(value, 3)) for value in row) for row in one.rows.values()),
    )


@styled
def losses_figure(study: GroupStudy) -> Figure:
    """A pair of bars per model."""
    models = list(study.losses)
    figure = Figure(figsize=(7.2, 1.3 + 0.5 * len(models)), layout="constrained")
    axis = figure.subplots()
    place = np.arange(len(models))
    for shift, (way, label) in ((-0.2, (USUAL, "usual")), (0.2, (UNSEEN, "never trained on"))):
        values = [study.loss(model, way) for model in models]
        bars = axis.barh(place + shift, values, height=0.38, color=_COLOURS[way], label=label)
        axis.bar_label(bars, [_loss(value) for value in values], padding=3, fontsize=8)
    axis.set_yticks(place, models)
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.margins(x=0.12)
    axis.set_xlabel(study.unit)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _picture(study: GroupStudy) -> Any:
    caption = "Mean over dates; the same forecasts in both ways. Lower is better."
    return picture("losses", "Error by training", caption, losses_figure(study))


def _loss(value: float) -> str:
    return number(value, 1 if value >= 10 else 3)


def _difference_cells(found: Difference) -> tuple[Cell, Cell]:
    share = f"{round(100 * found.share, 1) + 0.0:+.1f} %".replace("-", "−")
    marks = (("worse" if found.share > 0 else "better"),) if found.real else ()
    chance = "–" if found.p_value is None else p_text(found.p_value)
    return Cell(share, marks), Cell(chance)
