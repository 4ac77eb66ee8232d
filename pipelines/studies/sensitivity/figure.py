"""What moves one lead: groups as bars, and slopes over the steps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.contract import FloatArray
from pipelines.evaluation.style import INK, MUTED, Palette, legend_below, styled
from pipelines.studies.sensitivity.section import Section

#: Groups with a bar, and with a line.
BARS, LINES = 12, 5
_DOWN, _UP = "#d1590a", "#0b4f8a"


@styled
def sensitivity_figure(section: Section) -> Figure:
    """Bars of the groups that move the lead most; where inputs have steps, their slopes below."""
    found = section.found
    names = [name for name in found.order(section.lead) if name not in found.idle][:BARS]
    steps = _steps(section)
    heights = [0.7 + 0.24 * max(len(names), 2)] + ([2.4] if steps else [])
    figure = Figure(figsize=(7.2, sum(heights) + 0.5), layout="constrained")
    axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    _bars(axes[0], section, names)
    if steps:
        _lines(axes[1], section, names, steps)
        legend_below(figure, axes[1], columns=3)
    return figure


def _bars(axis: Axes, section: Section, names: list[str]) -> None:
    moves = np.array([section.found.move(section.lead, name) for name in names]).reshape(-1, 2)
    place = np.arange(len(names))
    for column, colour, label in ((0, _DOWN, "lower"), (1, _UP, "higher")):
        width = section.shown(moves[:, column])
        axis.barh(place, width, height=0.7, color=colour, alpha=0.85, label=label)
    axis.set_yticks(place, names)
    axis.invert_yaxis()
    axis.axvline(0.0, color=INK, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    axis.set_xlabel(f"change of {section.found.leads[section.lead]}, {section.unit}")
    mean = "the mean" if section.found.independent else "all"
    axis.set_title(f"{mean} of a group one deviation lower or higher")
    axis.legend(loc="lower right")


def _lines(axis: Axes, section: Section, names: list[str], steps: list[str]) -> None:
    """Slope of each input, per deviation, over the newest steps."""
    found = section.found
    lined = [name for name in names if name in found.inputs.groups]
    drawn = {name: _by_step(section, name, steps) for name in lined}
    drawn = {name: line for name, line in drawn.items() if np.isfinite(line).any()}
    shown = list(drawn)[:LINES]
    palette = Palette(shown, shown)
    for name in shown:
        style = palette.line(name) | {"linewidth": 1.3}
        axis.plot(drawn[name], label=name, drawstyle="steps-mid", **style)
    axis.axhline(0.0, color=MUTED, linewidth=0.8)
    count = 6 if len(steps[0]) < 8 else 4
    ticks = np.unique(np.linspace(0, len(steps) - 1, count).astype(int))
    axis.set_xticks(ticks, [steps[tick] for tick in ticks])
    axis.set_ylabel(f"{section.unit} per deviation")
    axis.set_title("slope at each input")


def _steps(section: Section) -> list[str]:
    """The newest steps of all inputs, in order."""
    named = [step for step in dict.fromkeys(section.found.inputs.step) if step]
    return sorted(named)[-section.newest :]


def _by_step(section: Section, name: str, steps: list[str]) -> FloatArray:
    inputs = section.found.inputs
    where = {step: place for place, step in enumerate(steps)}
    line = np.full(len(steps), np.nan)
    for place in np.flatnonzero(inputs.members((name,))):
        if inputs.step[place] in where:
            slope = section.found.slope[section.lead, place]
            line[where[inputs.step[place]]] = section.shown(slope)
    return line
