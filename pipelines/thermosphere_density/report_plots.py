"""Plots of accuracy and spread of density models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from models.contract import FloatArray
from pipelines.evaluation.style import INK, Palette, legend_below, panels, styled
from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.results_rows import ALL, Row, lead_curve, scores_of
from pipelines.thermosphere_density.scoring import CLASSES

_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@styled
def mape_by_lead(hours: pl.DataFrame, models: Sequence[str], palette: Palette) -> Figure:
    """A line per model; the scale is logarithmic, for models differ tenfold."""
    figure, axes = panels(1, 1, height=3.2)
    axis = axes[0, 0]
    for model in models:
        curve = lead_curve(hours, model)
        axis.plot(curve["lead"], curve["mape"], label=model, **palette.line(model))
    _log_percent(axis)
    axis.set(xlabel="hours since the start", ylabel="MAPE, %")
    axis.xaxis.set_major_locator(FixedLocator(range(0, 24 * 30, 24)))
    axis.set_xlim(0, axis.get_xlim()[1])
    legend_below(figure, axis)
    return figure


@styled
def mape_by_segment(
    rows: Sequence[Row],
    segments: Sequence[str],
    models: Sequence[str],
    palette: Palette,
    label: str,
) -> Figure:
    """A line per model over segments that have an order."""
    figure, axes = panels(1, 1, height=2.8)
    axis = axes[0, 0]
    known = [s for s in segments if any(row["segment"] == s for row in rows)]
    for model in models:
        found = [scores_of(rows, model, name) for name in known]
        values = [np.nan if row is None else row["mape"] for row in found]
        axis.plot(
            range(len(known)), values, marker="o", markersize=3, label=model, **palette.line(model)
        )
    axis.set_xticks(range(len(known)), [name.removesuffix(" km") for name in known])
    _log_percent(axis)
    axis.set(xlabel=label, ylabel="MAPE, %")
    legend_below(figure, axis)
    return figure


@styled
def reliability(rows: Sequence[Row], models: Sequence[str], palette: Palette) -> Figure:
    """Empirical against nominal coverage, over all hours and in strong storms."""
    figure, axes = panels(1, 2, height=3.6, sharey=True)
    for axis, segment, title in zip(
        axes[0], (ALL, CLASSES[-1]), ("all hours", "strong storms"), strict=True
    ):
        axis.plot([0, 100], [0, 100], color=INK, linewidth=0.8)
        for model in models:
            for row in rows:
                if row["model"] == model and row["segment"] == segment:
                    nominal, empirical = (100 * np.array(row[k]) for k in ("nominal", "empirical"))
                    axis.plot(nominal, empirical, label=model, **palette.line(model))
        axis.set(title=title, xlabel="promised coverage, %", xlim=(0, 100), ylim=(0, 100))
    axes[0, 0].set_ylabel("cells inside, %")
    legend_below(figure, axes[0, 0])
    return figure


@styled
def explained_variance(explained: FloatArray, ranks: Mapping[str, int], palette: Palette) -> Figure:
    """What the first 1, 2, ... components leave out, in per cent."""
    figure, axes = panels(1, 1, height=2.6)
    axis = axes[0, 0]
    count = np.arange(1, len(explained) + 1)
    left = np.maximum(100.0 * (1.0 - np.asarray(explained, dtype=np.float64)), 1e-6)
    axis.plot(count, left, "o-", markersize=3, color=palette.colour(EMULATOR))
    for rank in sorted(set(ranks.values())):
        axis.axvline(rank, color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
    axis.set(xlabel="components", ylabel="variance left out, %", yscale="log")
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    return figure


def _log_percent(axis: Axes) -> None:
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axis.yaxis.set_major_locator(FixedLocator(ticks))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
