"""What every report shares: tables of cells, figures, lists of settings, the page's frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from pipelines.evaluation.style import to_svg

#: The package whose templates all reports build on.
SHARED = "pipelines.evaluation"


@dataclass(frozen=True)
class Cell:
    """Text, and marks: best, in_set, better, worse, disputed, found."""

    text: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows under headings, each with its name.

    groups  (title, columns) of headings that belong together; empty for none
    """

    caption: str
    headings: tuple[str, ...]
    names: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    groups: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Picture:
    """An SVG element and what it shows; `key` names its place in the template."""

    key: str
    title: str
    caption: str
    svg: str


def picture(key: str, title: str, caption: str, figure: Figure) -> Picture:
    """A figure as a part of the page."""
    return Picture(key, title, caption, to_svg(figure, key))


def page_environment(*packages: str) -> Environment:
    """Templates of these packages and the shared ones; names from data are escaped."""
    folders = [PackageLoader(package, "templates") for package in (*packages, SHARED)]
    return Environment(
        loader=ChoiceLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested settings as (dotted key, text)."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{prefix}{key}", ", ".join(str(item) for item in value)
        else:
            yield f"{prefix}{key}", "none" if value is None else str(value)


def number(value: float | None, digits: int) -> str:
    """Return a number with a true minus, but none before zero; a dash where there is none."""
    # In Python -0.0 + 0.0 is 0.0.
    return "–" if value is None else f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "−")


@dataclass(frozen=True)
class Answer:
    """What a page says first: a headline, then what it rests on."""

    headline: str
    sentences: tuple[str, ...]


def p_text(p_value: float) -> str:
    """Return a p-value without a false zero."""
    return "<0.001" if p_value < 0.001 else ">0.999" if p_value > 0.999 else f"{p_value:.3f}"
