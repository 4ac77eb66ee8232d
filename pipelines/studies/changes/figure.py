"""How many gates were open at every step, beside what happened meanwhile; and in a sentence."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.evaluation.style import Palette, legend_below, panels, styled
from pipelines.studies.changes.trace import Changes


@styled
def changes_figure(found: Changes) -> Figure:
    """Above a line for every network, the mean over series; below what was beside."""
    names = list(found.networks)
    palette = Palette(names, names)
    figure, axes = panels(2, 1, height=2.2, sharex=True)
    above, below = axes[:, 0]
    for name, trace in found.networks.items():
        shares = trace.open_share.mean(axis=0)
        above.plot(shares, label=name, drawstyle="steps-mid", **palette.line(name))
    above.set_ylabel("share of gates open")
    above.margins(y=0.1)
    above.autoscale_view()
    above.set_ylim(bottom=0.0)
    if found.ahead:
        _mark_origin(above, len(found.steps) - found.ahead)
    below.plot(found.beside, color="0.4", drawstyle="steps-mid")
    below.set_ylabel(found.beside_label)
    _name_steps(below, found.steps)
    legend_below(figure, above)
    return figure


def sentences(found: Changes) -> list[str]:
    """What each network did, over all series."""
    told = []
    for name, trace in found.networks.items():
        shares, series = trace.open_share.mean(axis=0), len(found.rows)
        most = int(shares.argmax())
        whole = float(trace.changed.sum(axis=1).mean())
        told.append(
            f"{name}: the state changed at {whole:.1f} of {len(found.steps)} steps"
            + (f", the mean of {series} series" if series > 1 else "")
            + f"; most gates ({shares[most]:.0%}) were open at {found.steps[most]}"
        )
    return told


def _mark_origin(axis: Axes, step: int) -> None:
    axis.axvline(step - 0.5, linewidth=0.8, linestyle=":", color="0.4")
    axis.annotate(
        "the forecast begins",
        (step - 0.5, 0.0),
        xytext=(4, 4),
        textcoords="offset points",
        color="0.4",
    )


def _name_steps(axis: Axes, steps: tuple[str, ...]) -> None:
    def name(place: float, _index: int | None) -> str:
        near = round(place)
        return steps[near] if 0 <= near < len(steps) and abs(place - near) < 1e-6 else ""

    axis.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.xaxis.set_major_formatter(FuncFormatter(name))
