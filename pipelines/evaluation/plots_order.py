"""Plots of order: rank correlation over time, and what its extremes earned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.contract import IntArray
from pipelines.evaluation.scores import GroupScores
from pipelines.evaluation.style import MUTED, Palette, legend_below, panels, styled


@styled
def rank_ic_over_time(
    scores: Sequence[GroupScores], models: Sequence[str], palette: Palette
) -> Figure:
    """Rank correlation by origin at the shortest and the longest horizon of each target."""
    targets = list(dict.fromkeys(s.target for s in scores))
    ends = sorted({s.horizon for s in scores})
    ends = ends if len(ends) < 2 else [ends[0], ends[-1]]
    figure, axes = panels(len(targets), len(ends), height=2.4, sharey=True)
    for row, target in zip(axes, targets, strict=True):
        for axis, horizon in zip(row, ends, strict=True):
            here = [s for s in scores if (s.target, s.horizon) == (target, horizon)]
            _rank_ic(axis, [s for s in here if s.model in models], palette)
            axis.set_title(f"{target} {horizon}")
        row[0].set_ylabel("rank correlation")
    legend_below(figure, axes[0, 0])
    return figure


def _rank_ic(axis: Axes, scores: Sequence[GroupScores], palette: Palette) -> None:
    axis.axhline(0.0, color=MUTED, linewidth=0.8)
    for found in scores:
        axis.plot(found.origin_index, found.rank_ic, label=found.model, **palette.line(found.model))
    if scores:
        _label_dates(axis, scores[0].origin_index, scores[0].origins)


@styled
def decile_wealth(
    scores: Sequence[GroupScores], models: Sequence[str], target: str, palette: Palette
) -> Figure:
    """Cumulated outcome of the top and bottom tenth and their difference, by model.

    At the shortest horizon of the target, on origins whose outcomes do not overlap.
    """
    horizon = min(s.horizon for s in scores if s.target == target)
    here = [s for s in scores if (s.target, s.horizon) == (target, horizon)]
    here = [s for model in models for s in here if s.model == model]
    figure, axes = panels(1, max(len(here), 1), height=2.9, sharey=True)
    for axis, found in zip(axes[0], here, strict=False):
        _wealth(axis, found, palette)
    axes[0, 0].set_ylabel(f"cumulated {target} {horizon}")
    legend_below(figure, axes[0, 0], columns=3)
    return figure


def _wealth(axis: Axes, found: GroupScores, palette: Palette) -> None:
    kept = without_overlap(found.origin_index, found.horizon)
    kept = kept[np.isfinite(found.deciles.spread[kept])]
    time = found.origin_index[kept]
    axis.axhline(0.0, color=MUTED, linewidth=0.8)
    for label, values, style in (
        ("top tenth", found.deciles.top, "-"),
        ("bottom tenth", found.deciles.bottom, (0, (2, 1.5))),
        ("top minus bottom", found.deciles.spread, "-"),
    ):
        width = 2.6 if label.startswith("top minus") else 1.3
        colour = palette.colour(found.model) if width > 2 else MUTED
        axis.plot(
            time,
            np.cumsum(values[kept]),
            label=label,
            color=colour,
            linestyle=style,
            linewidth=width,
        )
    axis.set_title(f"{found.model}, {len(kept)} origins")
    _label_dates(axis, found.origin_index, found.origins)


def without_overlap(origin_index: IntArray, horizon: int) -> npt.NDArray[np.intp]:
    """Return places of origins, from the first on, that are a horizon or more apart."""
    kept: list[int] = []
    for place, time in enumerate(origin_index):
        if not kept or time - origin_index[kept[-1]] >= horizon:
            kept.append(place)
    return np.asarray(kept, dtype=np.intp)


def _label_dates(axis: Axes, origin_index: IntArray, origins: Sequence[str]) -> None:
    """Name the first, the middle and the last origin, inside the panel."""
    places = list(dict.fromkeys((0, len(origins) // 2, len(origins) - 1)))
    axis.set_xticks(origin_index[places], [origins[i] for i in places])
    labels = axis.get_xticklabels()
    if len(labels) > 1:
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")
