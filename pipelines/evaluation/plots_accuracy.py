"""Plots of accuracy: error by horizon, how honest the distributions are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.evaluation.measures import interval_coverage
from pipelines.evaluation.scores import GroupScores
from pipelines.evaluation.standings import LABEL
from pipelines.evaluation.style import INK, Palette, legend_below, panels, styled

#: Bars of a PIT histogram; each holds two of the 40 bins between neighbouring quantiles.
_BARS = 20


@styled
def error_by_horizon(scores: Sequence[GroupScores], palette: Palette) -> Figure:
    """RMSE and CRPS of every model against the horizon, one row of panels per target."""
    targets = list(dict.fromkeys(s.target for s in scores))
    figure, axes = panels(len(targets), len(LABEL), height=2.9)
    for row, target in zip(axes, targets, strict=True):
        for axis, (score, label) in zip(row, LABEL.items(), strict=True):
            _lines(axis, [s for s in scores if s.target == target], score, palette)
            axis.set(title=f"{label}, {target}", xlabel="horizon", ylim=_limits(axis))
    legend_below(figure, axes[0, 0])
    return figure


def _lines(axis: Axes, scores: Sequence[GroupScores], score: str, palette: Palette) -> None:
    for model in dict.fromkeys(s.model for s in scores):
        here = sorted((s for s in scores if s.model == model), key=lambda s: s.horizon)
        horizons, values = [s.horizon for s in here], [s.row[score] for s in here]
        axis.plot(horizons, values, marker="o", markersize=3, label=model, **palette.line(model))
    axis.set_xticks(sorted({s.horizon for s in scores}))


def _limits(axis: Axes) -> tuple[float, float]:
    """Leave the worst lines out of view when they would flatten the rest."""
    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in axis.lines])
    low, high = float(values.min()), float(values.max())
    high = min(high, 2.5 * float(np.median(values)))
    margin = 0.08 * max(high - low, 1e-9)
    return low - margin, high + margin


@styled
def reliability(scores: Sequence[GroupScores], models: Sequence[str], palette: Palette) -> Figure:
    """Coverage of central intervals minus what they promise, all horizons of a target."""
    targets = list(dict.fromkeys(s.target for s in scores))
    figure, axes = panels(1, len(targets), height=3.0, sharey=True)
    for axis, target in zip(axes[0], targets, strict=True):
        axis.axhline(0.0, color=INK, linewidth=0.8)
        for model in models:
            counts = [s.pit for s in scores if s.model == model and s.target == target]
            if counts:
                nominal, empirical = interval_coverage(np.sum(counts, axis=0))
                gap = 100.0 * (empirical - nominal)
                axis.plot(100.0 * nominal, gap, label=model, **palette.line(model))
        axis.set(title=target, xlabel="promised coverage, %", xlim=(0, 100))
    axes[0, 0].set_ylabel("actual minus promised, points")
    legend_below(figure, axes[0, 0])
    return figure


@styled
def pit_histograms(scores: Sequence[GroupScores], model: str, palette: Palette) -> Figure:
    """Histogram of the probability integral transform, by target and horizon."""
    here = [s for s in scores if s.model == model]
    targets = list(dict.fromkeys(s.target for s in here))
    horizons = sorted({s.horizon for s in here})
    figure, axes = panels(len(targets), len(horizons), height=1.7, sharex=True, sharey=True)
    for found in here:
        axis = axes[targets.index(found.target), horizons.index(found.horizon)]
        share = found.pit.reshape(_BARS, -1).sum(axis=1) / found.pit.sum() * _BARS
        edges = np.arange(_BARS) / _BARS
        axis.bar(edges, share, 1 / _BARS, align="edge", color=palette.colour(model), alpha=0.75)
        axis.axhline(1.0, color=INK, linewidth=0.8)
        axis.set_title(f"{found.target} {found.horizon}")
        axis.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    for axis in axes[:, 0]:
        axis.set_ylabel("density")
    return figure
