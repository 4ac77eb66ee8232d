"""The page of a sensitivity study, and its files: one HTML page, numbers, a picture each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.atomic import write_atomic, write_text
from pipelines.evaluation.page import Answer, Cell, Picture, Table, flat, page_environment, picture
from pipelines.provenance import provenance
from pipelines.studies.sensitivity.figure import sensitivity_figure
from pipelines.studies.sensitivity.section import Section, headline, sentences

PACKAGE = "pipelines.studies.sensitivity"
#: Groups of a table, and leads side by side before both changes of a cell are stacked.
ROWS, BESIDE = 24, 5
PAGE, NUMBERS = "sensitivity.html", "sensitivity.json"


@dataclass(frozen=True)
class About:
    """What was asked.

    question   what the page answers
    case       facts of the forecast: label -> value
    """

    title: str
    question: str
    case: Mapping[str, str]


def write_study(sections: Sequence[Section], about: About, folder: Path) -> dict[str, Path]:
    """Write sensitivity.html, sensitivity.json and a PNG per section; name -> path."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"page": folder / PAGE, "numbers": folder / NUMBERS}
    numbers = {
        "case": dict(about.case),
        "sentences": verdict(sections).sentences,
        "sections": [section.to_json() for section in sections],
        "provenance": provenance(),
    }
    write_text(files["numbers"], json.dumps(numbers, indent=1, allow_nan=False) + "\n")
    for section in sections:
        file = folder / f"{section.key}.png"
        _write_png(section, file)
        files[section.key] = file
    write_text(files["page"], render(sections, about))
    return files


def render(sections: Sequence[Section], about: About) -> str:
    """The HTML; names from data are escaped."""
    return (
        page_environment(PACKAGE)
        .get_template("sensitivity.html.j2")
        .render(
            about=about,
            verdict=verdict(sections),
            strip=list(about.case.items()),
            colours={},
            sections=[(one, sentences(one), moves_table(one), push_table(one)) for one in sections],
            pictures=[_picture(one) for one in sections],
            provenance=list(flat(provenance())),
        )
    )


def verdict(sections: Sequence[Section]) -> Answer:
    """The first section's answer above, every section's in a sentence below."""
    lines = [f"{section.title}: {headline(section)}." for section in sections]
    return Answer(f"{headline(sections[0])}.", tuple(lines[1:]))


def moves_table(section: Section) -> Table:
    """Group × lead: change when lower, and when higher; the rest is in the numbers."""
    found = section.found
    order, mean = found.order(section.lead)[:ROWS], "the mean" if found.independent else "all"
    stacked = len(found.leads) > BESIDE
    between = "\n" if stacked else " … "

    def cell(lead: int, name: str) -> Cell:
        down, up = found.move(lead, name)
        marks = ("best",) if name == order[0] and lead == section.lead else ()
        return Cell(f"{section.text(down)}{between}{section.text(up)}", marks)

    what = "density" if section.percent else f"the {section.unit}"
    how = "lower (above), higher (below)" if stacked else "lower … higher"
    return Table(
        caption=f"Change of {what} when {mean} of a group is one deviation {how}",
        headings=found.leads,
        names=order,
        cells=tuple(tuple(cell(lead, name) for lead in range(len(found.leads))) for name in order),
    )


def push_table(section: Section) -> Table:
    """Lead × what a push in the worst direction does."""
    rows = [
        [section.text(value) for value in (push.down, push.up, push.expected)]
        + [section.text(push.random).lstrip("+")]
        for push in section.pushes
    ]
    return Table(
        caption=f"All inputs wrong by at most {section.pushes[0].size:g} deviations",
        headings=("worst, down", "worst, up", "slope promises", "random, r.m.s."),
        names=section.found.leads,
        cells=tuple(tuple(Cell(text) for text in row) for row in rows),
    )


def _picture(section: Section) -> Picture:
    lead = section.found.leads[section.lead]
    caption = (
        f"{lead}. Bars are re-forecasts. Slopes are per standard deviation of a single input. "
        "Where the bars of a group are no mirror images, the forecast is bent and slopes tell less."
    )
    return picture(section.key, section.title, caption, sensitivity_figure(section))


def _write_png(section: Section, file: Path) -> None:
    figure = sensitivity_figure(section)

    def save(target: Any) -> None:
        figure.savefig(target, format="png", dpi=130)

    write_atomic(file, save)
