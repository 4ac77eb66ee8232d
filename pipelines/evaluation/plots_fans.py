"""Fans: the distributions that a model gave single series, beside what came.

The series are not chosen by hand: they lie at fixed places of the order from the best
to the worst forecast, so that good and bad ones are both shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.contract import LEVELS, FloatArray
from pipelines.evaluation.measures import crps
from pipelines.evaluation.style import INK, Palette, legend_below, panels, styled

#: Places in the order from the smallest to the largest CRPS.
PLACES = (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

_BANDS = ((0.95, 0.18), (0.8, 0.28), (0.5, 0.42))


@dataclass(frozen=True)
class Fan:
    """One series at one origin.

    horizons         ascending
    y, mean, rival   horizon: outcome, forecast, forecast of a second model (or None)
    quantiles        horizon × level
    place            in the order of CRPS, 0 best, 1 worst
    """

    series: str
    origin: str
    horizons: tuple[int, ...]
    y: FloatArray
    mean: FloatArray
    quantiles: FloatArray
    rival: FloatArray | None
    place: float


def choose_fans(table: pl.DataFrame, target: str, model: str, rival: str | None) -> list[Fan]:
    """Return fans of a target at the newest origin that has every horizon's outcome.

    Empty when there is no such origin.
    """
    rows = table.filter((pl.col("target") == target) & (pl.col("model") == model))
    horizons = sorted(rows["horizon"].unique())
    by_series = rows.group_by("origin_index", "series").len().filter(pl.col("len") == len(horizons))
    if by_series.is_empty():
        return []
    newest = by_series["origin_index"].max()
    names = by_series.filter(pl.col("origin_index") == newest)["series"].sort().to_list()
    there = _at(rows, newest, names)
    score = crps(there["y"].to_numpy(), there["quantiles"].to_numpy()).reshape(len(names), -1)
    order = np.argsort(score.mean(axis=1), kind="stable")
    other = table.filter((pl.col("target") == target) & (pl.col("model") == (rival or "")))
    chosen = {int(order[round(p * (len(order) - 1))]): p for p in PLACES}
    return [_fan(there, other, names[i], place) for i, place in chosen.items()]


def _at(rows: pl.DataFrame, origin: object, series: list[str]) -> pl.DataFrame:
    kept = (pl.col("origin_index") == origin) & pl.col("series").is_in(series)
    return rows.filter(kept).sort("series", "horizon")


def _fan(there: pl.DataFrame, other: pl.DataFrame, name: str, place: float) -> Fan:
    mine = there.filter(pl.col("series") == name)
    theirs = _at(other, mine["origin_index"][0], [name])
    return Fan(
        series=name,
        origin=str(mine["origin"][0]),
        horizons=tuple(mine["horizon"]),
        y=mine["y"].to_numpy(),
        mean=mine["mean"].to_numpy(),
        quantiles=mine["quantiles"].to_numpy(),
        rival=theirs["mean"].to_numpy() if len(theirs) == len(mine) else None,
        place=place,
    )


@styled
def plot_fans(fans: list[Fan], model: str, rival: str | None, palette: Palette) -> Figure:
    """Bands of 50, 80 and 95 %, the mean, a second model's mean and the outcomes."""
    rows = -(-len(fans) // 3)
    figure, axes = panels(rows, 3, height=2.3, sharey=True)
    for axis, fan in zip(axes.flat, fans, strict=False):
        _draw(axis, fan, model, rival, palette)
    for axis in axes.flat[len(fans) :]:
        axis.set_visible(False)
    legend_below(figure, axes.flat[0])
    return figure


def _draw(axis: Axes, fan: Fan, model: str, rival: str | None, palette: Palette) -> None:
    colour = palette.colour(model)
    for band, alpha in _BANDS:
        lower = round((1 - band) / 2 * (len(LEVELS) + 1)) - 1
        upper = len(LEVELS) - 1 - lower
        low, high = fan.quantiles[:, lower], fan.quantiles[:, upper]
        axis.fill_between(fan.horizons, low, high, color=colour, alpha=alpha, linewidth=0)
    axis.plot(fan.horizons, fan.mean, color=colour, linewidth=2.0, label=model)
    if fan.rival is not None and rival is not None:
        axis.plot(fan.horizons, fan.rival, label=rival, **palette.line(rival))
    axis.plot(fan.horizons, fan.y, "o", color=INK, markersize=4, label="outcome")
    axis.set_title(f"{_short(fan.series)}, {_named(fan.place)}")
    axis.set_xticks(fan.horizons)


def _named(place: float) -> str:
    return "worst" if place == 1.0 else f"{100 * place:.0f} %"


def _short(name: str, most: int = 18) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
