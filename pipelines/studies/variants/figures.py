"""Pictures of a task: the best trials of each variant, and the loss along each parameter."""

from __future__ import annotations

from matplotlib.figure import Figure

from pipelines.evaluation.style import panels, styled
from pipelines.studies.variants.analysis import LEVEL, VANILLA, TaskResult

_PLAIN, _WORSE = "0.35", "#c2410c"


@styled
def variants_figure(result: TaskResult) -> Figure:
    """Test losses of the best trials, a row for every variant; those that differ are coloured."""
    figure, axes = panels(1, 1, height=0.9 + 0.34 * len(result.variants))
    axis = axes[0, 0]
    for place, one in enumerate(result.variants):
        differs = one.p_value is not None and one.p_value < LEVEL
        colour = _WORSE if differs else _PLAIN
        axis.plot(one.tests, [place] * len(one.tests), "o", color=colour, alpha=0.5, markersize=5)
        axis.plot([one.mean], [place], "|", color=colour, markersize=16, markeredgewidth=2)
    vanilla = [one for one in result.variants if one.variant == VANILLA]
    if vanilla:
        axis.axvline(vanilla[0].mean, linewidth=0.8, linestyle=":", color="0.5")
    labels = [one.variant.removeprefix(f"{VANILLA}_").upper() for one in result.variants]
    labels = ["vanilla" if label == VANILLA.upper() else label for label in labels]
    axis.set_yticks(range(len(labels)), labels)
    axis.invert_yaxis()
    axis.set_xlabel(f"test loss of the best tenth of the trials, {result.unit}")
    return figure


@styled
def marginals_figure(result: TaskResult) -> Figure:
    """Mean of the log of the validation loss along each parameter, over all others."""
    names = list(result.importances)
    figure, axes = panels(1, len(names), height=2.4)
    lowest = min(float(result.marginals[name][:, 1].min()) for name in names)
    highest = max(float(result.marginals[name][:, 1].max()) for name in names)
    room = 0.05 * (highest - lowest)
    for axis, name in zip(axes[0], names, strict=True):
        axis.plot(*result.marginals[name].T, color=_PLAIN)
        axis.set_ylim(lowest - room, highest + room)
        scale = "" if name == "input noise" else "log10 of "
        scale = "log10 of 1 - " if name == "momentum" else scale
        axis.set_xlabel(f"{scale}{name}")
        axis.set_title(f"{100 * result.importances[name]:.0f} %", fontsize=9)
    axes[0, 0].set_ylabel("log of validation loss")
    return figure
