"""What is left of each step back, a line for every network, and where the window ends."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipelines.evaluation.style import Palette, legend_below, panels, styled
from pipelines.studies.memory.probe import Probed


@styled
def memory_figure(found: Sequence[Probed], unit: str) -> Figure:
    """Mean over the inputs of the share that the state tells, over steps back.

    unit   of a step, in the plural
    """
    names = [one.name for one in found]
    palette = Palette(names, names)
    figure, axes = panels(1, 1, height=3.2)
    axis = axes[0, 0]
    for one in found:
        shares = one.curve.explained.mean(axis=1)
        axis.plot(range(len(shares)), shares, label=one.name, **palette.line(one.name))
    axis.axvline(found[0].window - 1, linewidth=0.8, linestyle=":", color="0.4")
    axis.annotate(
        "the window ends",
        (found[0].window - 1, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, -4),
        textcoords="offset points",
        va="top",
        color="0.4",
    )
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel(f"{unit} back")
    axis.set_ylabel("share that the state tells")
    axis.set_ylim(bottom=0.0)
    legend_below(figure, axis)
    return figure


def sentences(found: Sequence[Probed], unit: str) -> list[str]:
    """What the curves say, network by network."""
    return [
        f"{one.name}: of a window of {one.window} {unit} the state tells at least a tenth of some "
        f"input of the newest {one.curve.reach()}; capacity {one.curve.capacity.sum():.1f} values."
        for one in found
    ]
