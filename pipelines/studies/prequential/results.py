"""What a prequential study leaves: numbers as JSON, a table, and when the gain came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipelines.atomic import write_atomic, write_text
from pipelines.evaluation.style import Palette, legend_below, panels, styled
from pipelines.provenance import provenance
from pipelines.studies.prequential.fund import FROZEN, REFERENCE, PrequentialStudy

COLUMNS = ("forecasts by", "loss", "of frozen", "better than frozen, p")


def table_rows(study: PrequentialStudy) -> list[tuple[str, str, str, str]]:
    """One row each, as texts."""
    frozen = next(one.loss for one in study.contestants if one.name == FROZEN)
    return [
        (
            one.name,
            f"{one.loss:.4f}",
            f"{one.loss / frozen:.4f}",
            "" if one.p_value is None else f"{one.p_value:.3f}",
        )
        for one in study.contestants
    ]


def to_json(study: PrequentialStudy, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All numbers, the losses of every date among them."""
    return {
        "cell": study.cell,
        "networks": study.networks,
        "outcomes": study.outcomes,
        "settings": dict(settings),
        "dates": list(study.dates),
        "contestants": [
            {
                "name": one.name,
                "loss": one.loss,
                "p_value": one.p_value,
                "losses": [round(float(loss), 6) for loss in one.losses],
            }
            for one in study.contestants
        ],
        "provenance": provenance(),
    }


@styled
def gain_over_time(study: PrequentialStudy) -> Figure:
    """Sum so far of what frozen networks lose more than those that learn."""
    figure, axes = panels(1, 1, height=3.2)
    axis = axes[0, 0]
    frozen = next(one.losses for one in study.contestants if one.name == FROZEN)
    names = [one.name for one in study.contestants if one.name not in (FROZEN, REFERENCE)]
    palette = Palette(names, names)
    for one in study.contestants:
        if one.name in names:
            axis.plot(np.cumsum(frozen - one.losses), label=one.name, **palette.line(one.name))
    axis.axhline(0.0, color="0.5", linewidth=0.8)
    ticks = np.linspace(0, len(study.dates) - 1, min(7, len(study.dates))).astype(int)
    axis.set_xticks(ticks, [study.dates[tick] for tick in ticks])
    axis.set_title(f"Loss of frozen {study.cell} networks less that of those that learn, summed")
    axis.set_ylabel("above zero: learning pays")
    legend_below(figure, axis)
    return figure


def write_results(
    study: PrequentialStudy, settings: Mapping[str, Any], folder: Path
) -> dict[str, Path]:
    """Write prequential.json and prequential.png, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers, plot = folder / "prequential.json", folder / "prequential.png"
    write_text(numbers, json.dumps(to_json(study, settings), indent=1) + "\n")
    figure = gain_over_time(study)
    write_atomic(plot, lambda file: figure.savefig(file, format="png", dpi=150))
    return {"numbers": numbers, "plot": plot}
