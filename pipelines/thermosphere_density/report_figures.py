"""Figures of the density report with their captions, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.evaluation.page import Picture, picture
from pipelines.evaluation.style import Palette
from pipelines.thermosphere_density.backtest import Judged
from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.report_plots import (
    explained_variance,
    mape_by_lead,
    mape_by_segment,
    reliability,
)
from pipelines.thermosphere_density.report_storms import storm_curves, storm_maps
from pipelines.thermosphere_density.results_rows import Row, reliability_rows
from pipelines.thermosphere_density.scoring import CLASSES
from pipelines.thermosphere_density.storms import Storm
from pipelines.thermosphere_density.verdict import MEMORYLESS

#: Models whose storm curves are drawn beside the emulator's.
SHOWN = ("dmdc", MEMORYLESS)


def pictures(judged: Judged, rows: Sequence[Row], palette: Palette) -> list[Picture]:
    """Draw every figure of the report."""
    drawn = _accuracy(judged, rows, palette) + _spread(judged, palette)
    for place, storm in enumerate(judged.storms):
        drawn += _curve(judged, storm, place, palette) + _map(judged, storm, place)
    return drawn


def _accuracy(judged: Judged, rows: Sequence[Row], palette: Palette) -> list[Picture]:
    models = list(judged.ranks)
    bands = judged.hours["band"].unique(maintain_order=True).to_list()
    return [
        picture(
            "lead",
            "Error by lead",
            "Mean absolute percentage error over all cells, by hours since the start of a window, "
            "in spans of six hours. Logarithmic scale.",
            mape_by_lead(judged.hours, models, palette),
        ),
        picture(
            "height",
            "Error by height",
            "Mean absolute percentage error within bands of heights, all hours.",
            mape_by_segment(rows, bands, models, palette, "height, km"),
        ),
        picture(
            "kp",
            "Error by Kp class",
            "Strong: Kp of 7 or more, with the two days before and the three days after; moderate: "
            "5 or more, likewise; quiet: the rest.",
            mape_by_segment(rows, CLASSES, models, palette, "Kp class"),
        ),
    ]


def _spread(judged: Judged, palette: Palette) -> list[Picture]:
    rows = reliability_rows(judged.hours, judged.ranks)
    return [
        picture(
            "reliability",
            "Coverage",
            "Share of cells inside central intervals, against what the intervals promise, over "
            "all hours and in strong storms. On the diagonal a distribution is honest; below it "
            "intervals are too narrow.",
            reliability(rows, list(judged.ranks), palette),
        ),
        picture(
            "explained",
            "What components leave out",
            "Share of the variance of log10 density that the first components do not hold, on "
            "training fields. Lines mark the components of the models.",
            explained_variance(judged.explained, judged.ranks, palette),
        ),
    ]


def _curve(judged: Judged, storm: Storm, place: int, palette: Palette) -> list[Picture]:
    """The storm over time; nothing when no window covers it."""
    shown = [model for model in (EMULATOR, *SHOWN) if model in judged.ranks]
    curves = judged.curves.filter((pl.col("storm") == storm.name) & pl.col("model").is_in(shown))
    if not len(curves):
        return []
    heights = judged.maps["height"].unique().to_list()
    where = f" ({heights[0]:.0f} km)" if len(heights) == 1 else ""
    return [
        picture(
            f"curve-{place}",
            f"Storm of {storm.name}",
            f"Mean of log10 density over one height{where}, as density. The band holds 95 % of "
            "the emulator's distribution of that mean; windows restart from the true state every "
            "horizon.",
            storm_curves(curves, shown, palette),
        )
    ]


def _map(judged: Judged, storm: Storm, place: int) -> list[Picture]:
    """The worst hour by place; nothing when no window covers it."""
    cells = judged.maps.filter((pl.col("storm") == storm.name) & (pl.col("model") == EMULATOR))
    if not len(cells):
        return []
    return [
        picture(
            f"map-{place}",
            f"Worst hour of {storm.name}",
            f"Density at {cells['height'][0]:.0f} km by local time and latitude at {storm.peak} "
            "UT: truth, the emulator's median, and their difference as a share of the truth.",
            storm_maps(cells),
        )
    ]
