"""Pictures of a task: the best trials of each variant, and the loss along each parameter."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.contract import FloatArray
from pipelines.evaluation.style import MUTED, panels, styled
from pipelines.studies.variants.analysis import VANILLA, TaskResult, VariantResult
from pipelines.studies.variants.search import plotted

#: Where a logarithmic axis of less than two decades is labelled.
_TICKS = {"hidden size": (20, 50, 100, 200)}
#: Losses that spread by more than this factor are drawn on a logarithmic axis.
_WIDE = 8.0
_PLAIN, _DIFFERS = "#56656f", "#c2410c"


def label_of(variant: str) -> str:
    """As in the paper: NIG, CIFG; the vanilla cell is V."""
    if variant == VANILLA:
        return "V"
    return variant.removeprefix(f"{VANILLA}_").upper()


@styled
def variants_figure(result: TaskResult) -> Figure:
    """Boxes of the test losses of the best trials, a row for every variant; those that differ
    from the vanilla cell are coloured."""
    figure, axes = panels(1, 1, height=0.9 + 0.34 * len(result.variants))
    axis = axes[0, 0]
    for place, one in enumerate(result.variants):
        _box(axis, place, one)
    for one in result.variants:
        if one.variant == VANILLA:
            axis.axvline(one.mean, linewidth=0.9, linestyle=":", color=MUTED, zorder=1)
    axis.set_yticks(range(len(result.variants)), [label_of(one.variant) for one in result.variants])
    axis.invert_yaxis()
    axis.grid(False, axis="y")
    losses = [loss for one in result.variants for loss in one.tests]
    if min(losses) > 0 and max(losses) > _WIDE * min(losses):
        axis.set_xscale("log")
    axis.set_xlabel(f"test loss of the best tenth of the trials, {result.unit}")
    return figure


def _box(axis: Axes, place: int, one: VariantResult) -> None:
    """Quartiles, the median and every trial: few trials show themselves as few."""
    colour = _DIFFERS if one.differs else _PLAIN
    line = {"color": colour, "linewidth": 1.1}
    axis.boxplot(
        [list(one.tests)],
        positions=[place],
        widths=0.55,
        orientation="horizontal",
        showfliers=False,
        manage_ticks=False,
        boxprops=line,
        whiskerprops=line,
        capprops=line,
        medianprops={"color": colour, "linewidth": 2.2},
    )
    axis.plot(one.tests, [place] * len(one.tests), "o", color=colour, alpha=0.45, markersize=4)


@styled
def marginals_figure(result: TaskResult) -> Figure:
    """Loss along each parameter, averaged over all others, with the deviation between trees."""
    names = list(result.shares)
    figure, axes = panels(1, len(names), height=2.5, sharey=True)
    for axis, name in zip(axes[0], names, strict=True):
        _along(axis, name, result.marginals[name])
        axis.set_title(f"{name}: {100 * result.shares[name]:.1f} %", fontsize=8.5)
    middles = np.concatenate([result.marginals[name][:, 1] for name in names])
    if np.ptp(middles) > np.log(_WIDE):
        axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylabel("validation loss")
    return figure


def _along(axis: Axes, name: str, along: FloatArray) -> None:
    values, scale = plotted(name, along[:, 0])
    middle, deviation = along[:, 1], along[:, 2]
    low, high = np.exp(middle - deviation), np.exp(middle + deviation)
    axis.fill_between(values, low, high, color=_PLAIN, alpha=0.18, linewidth=0)
    axis.plot(values, np.exp(middle), color=_PLAIN)
    axis.set_xscale("log" if scale else "linear")
    if name in _TICKS:
        axis.set_xticks(_TICKS[name], [str(value) for value in _TICKS[name]])
        axis.minorticks_off()
    axis.set_xlabel("1 - momentum" if name == "momentum" else name)
