"""How plots of a report look: one colour per model everywhere, text as text, inline SVG."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from io import StringIO
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

P = ParamSpec("P")

INK, MUTED, GRID = "#22303c", "#6b7883", "#e3e7ea"

#: The judged models, then the others (after Okabe and Ito 2008, safe for the colour-blind).
_STRONG = ("#0b4f8a", "#d1590a", "#0f8a66", "#8a3ffc", "#33373b")
_CALM = (
    "#b0659a",
    "#c79a1e",
    "#56a8d8",
    "#8a949c",
    "#a0522d",
    "#7b68b0",
    "#7f9a3a",
    "#c05a6a",
    "#4d8f8b",
    "#b58d6b",
    "#5b6770",
)
#: Lines of models beyond the colours differ by their dashes.
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))

_RC: Any = {
    "svg.fonttype": "none",  # text stays text: small, searchable, in the page's font
    "text.parse_math": False,  # a name with a $ is a name
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
}


class Palette:
    """Colour, dashes and weight of each model.

    reference  judged models: strong colours, thick lines
    models     all models, in the report's order
    """

    def __init__(self, models: Sequence[str], reference: Sequence[str]) -> None:
        judged = [model for model in reference if model in models]
        others = [model for model in models if model not in judged]
        self._colour = {m: _STRONG[i % len(_STRONG)] for i, m in enumerate(judged)}
        self._colour |= {m: _CALM[i % len(_CALM)] for i, m in enumerate(others)}
        self._dashes = {m: _DASHES[i % len(_DASHES)] for i, m in enumerate(others)}
        self._first = judged[0] if judged else None
        self._judged = frozenset(judged)

    def colour(self, model: str) -> str:
        return self._colour.get(model, MUTED)

    def line(self, model: str) -> dict[str, Any]:
        """Return keyword arguments of `Axes.plot`."""
        width = 2.6 if model == self._first else 1.9 if model in self._judged else 1.2
        return {
            "color": self.colour(model),
            "linestyle": self._dashes.get(model, "-"),
            "linewidth": width,
            "zorder": 4 if model == self._first else 3 if model in self._judged else 2,
        }


def styled(plot: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw `plot` in the report's look, which matplotlib reads when an artist is made."""

    @wraps(plot)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(_RC):
            return plot(*args, **kwargs)

    return drawn


def panels(
    rows: int, columns: int, height: float = 2.6, **options: Any
) -> tuple[Figure, ndarray[Any, Any]]:
    """Return a figure 7.2 inches wide and its axes, row × column."""
    figure = Figure(figsize=(7.2, height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def legend_below(figure: Figure, axes: Axes, columns: int = 4) -> None:
    """Put one legend for all panels below them, from the lines of `axes`."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def to_svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element; `name` keeps its ids apart from other figures'.

    The same figure gives the same text: no date, no random ids.
    """
    buffer = StringIO()
    with mpl.rc_context(_RC | {"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'role="img"', svg, count=1)
