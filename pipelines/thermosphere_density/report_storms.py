"""Pictures of storms: curves with the band of the emulator, maps of the worst hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.dates
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from models.contract import FloatArray
from pipelines.evaluation.style import INK, Palette, legend_below, panels, styled
from pipelines.thermosphere_density.contestants import EMULATOR

#: Densities are shown in this many kg/m3.
_UNIT = 1e-12


@styled
def storm_curves(curves: pl.DataFrame, models: Sequence[str], palette: Palette) -> Figure:
    """Truth, the emulator with its 95 % band, and others; above the density, below the error."""
    figure, axes = panels(2, 1, height=2.2, sharex=True)
    density, error = axes[:, 0]
    for model in models:
        own = curves.filter(pl.col("model") == model).sort("hour")
        hour, truth = own["hour"].to_numpy(), own["truth"].to_numpy() / _UNIT
        median = own["median"].to_numpy() / _UNIT
        if model == models[0]:
            density.plot(hour, truth, color=INK, linewidth=2.6, label="truth", zorder=2)
            error.axhline(0.0, color=INK, linewidth=0.8)
        if model == EMULATOR:
            _band(density, error, own, palette.colour(model))
        density.plot(hour, median, label=model, **palette.line(model))
        error.plot(hour, 100.0 * (median / truth - 1.0), **palette.line(model))
    density.set_ylabel("density, $10^{-12}$ kg m$^{-3}$", parse_math=True)
    error.set_ylabel("error, %")
    dates: Any = matplotlib.dates
    locator = dates.AutoDateLocator()
    error.xaxis.set_major_locator(locator)
    error.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    legend_below(figure, density)
    return figure


def _band(density: Axes, error: Axes, own: pl.DataFrame, colour: str) -> None:
    hour, truth = own["hour"].to_numpy(), own["truth"].to_numpy()
    low, high = own["low"].to_numpy(), own["high"].to_numpy()
    density.fill_between(hour, low / _UNIT, high / _UNIT, color=colour, alpha=0.2, linewidth=0)
    shares = (100.0 * (side / truth - 1.0) for side in (low, high))
    error.fill_between(hour, *shares, color=colour, alpha=0.2, linewidth=0)


@styled
def storm_maps(cells: pl.DataFrame) -> Figure:
    """Truth, median and difference over local time and latitude, for one model and hour."""
    times = np.unique(cells["local_time"].to_numpy())
    latitudes = np.unique(cells["latitude"].to_numpy())
    ordered = cells.sort("local_time", "latitude")
    shape = len(times), len(latitudes)
    truth, median = (ordered[name].to_numpy().reshape(shape).T for name in ("truth", "median"))
    figure, axes = panels(1, 3, height=2.5, sharey=True)
    low, high = min(truth.min(), median.min()) / _UNIT, max(truth.max(), median.max()) / _UNIT
    error = 100.0 * (median / truth - 1.0)
    largest = max(float(np.abs(error).max()), 1e-9)
    drawn: list[QuadMesh] = []
    for axis, values, title, limits, colours in (
        (axes[0, 0], truth / _UNIT, "truth", (low, high), "viridis"),
        (axes[0, 1], median / _UNIT, "emulator", (low, high), "viridis"),
        (axes[0, 2], error, "difference, %", (-largest, largest), "RdBu_r"),
    ):
        drawn.append(_map(axis, (times, latitudes), values, limits, colours))
        axis.set(title=title, xlabel="local time, h")
    axes[0, 0].set_ylabel("latitude, °")
    bar = figure.colorbar(drawn[0], ax=list(axes[0, :2]), location="bottom", shrink=0.7)
    bar.set_label("density, $10^{-12}$ kg m$^{-3}$", parse_math=True)
    figure.colorbar(drawn[2], ax=axes[0, 2], location="bottom", shrink=0.9)
    return figure


def _map(
    axis: Axes,
    places: tuple[FloatArray, FloatArray],
    values: FloatArray,
    limits: tuple[float, float],
    colours: str,
) -> QuadMesh:
    times, latitudes = places
    edges = [_edges(one) for one in (times, latitudes)]
    axis.grid(False)
    axis.set_xticks([0, 6, 12, 18, 24])
    return axis.pcolormesh(
        *edges, values, cmap=colours, vmin=limits[0], vmax=limits[1], rasterized=True
    )


def _edges(centres: FloatArray) -> FloatArray:
    half = (centres[1] - centres[0]) / 2
    return np.concatenate([centres - half, centres[-1:] + half])
