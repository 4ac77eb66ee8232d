"""Scores of forecast fields, hour by hour and band of heights by band, then of any segment.

The hour is the smallest piece that anything is reported of, so every table, plot and
segment comes from one table of sums. Percentage errors are over all cells; the scores of
the distribution are over every `CELL_STEP`-th, which changes nothing but the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.contract import FloatArray
from models.emulators.grid import Grid
from models.emulators.log_density import Shape

#: Nominal coverages of the calibration error score: 5, 10, ... 95 and 99 %.
COVERAGES: tuple[float, ...] = (*(k / 20 for k in range(1, 20)), 0.99)
#: Cells whose distribution is scored: a number that shares no factor with the grid's sizes.
CELL_STEP = 7
#: Days before and after an hour of high Kp that belong to its class.
BEFORE_HOURS, AFTER_HOURS = 48, 72
MODERATE_KP, STRONG_KP = 5.0, 7.0
#: Levels behind the CRPS, and where its table of standardised errors ends.
_CRPS_LEVELS, _TABLE_END = 200, 12.0
CLASSES = ("quiet", "moderate", "strong")


@dataclass(frozen=True)
class Bands:
    """Bands of heights: names, and the band of each cell of the grid."""

    names: tuple[str, ...]
    of_cell: npt.NDArray[np.int64]

    @classmethod
    def of(cls, grid: Grid, edges: tuple[float, ...]) -> Bands:
        """Bands between edges in km, the last one closed; without any that hold no level."""
        heights = np.asarray(grid.height)
        index = np.clip(np.searchsorted(edges, heights, side="right") - 1, 0, len(edges) - 2)
        used, of_level = np.unique(index, return_inverse=True)
        names = tuple(f"{edges[i]:g}-{edges[i + 1]:g} km" for i in used)
        return cls(names, np.tile(of_level, grid.cells // len(heights)))


def kp_classes(kp: FloatArray) -> npt.NDArray[np.int64]:
    """Class of each hour, an index into CLASSES: quiet, moderate, strong.

    Hours with Kp of 5 (7) or more make the two days before and three days after them
    moderate (strong) too; strong comes first.
    """
    classes = np.zeros(len(kp), dtype=np.int64)
    for level, limit in ((1, MODERATE_KP), (2, STRONG_KP)):
        edges = np.zeros(len(kp) + 1, dtype=np.int64)
        high = np.flatnonzero(kp >= limit)
        np.add.at(edges, np.maximum(high - BEFORE_HOURS, 0), 1)
        np.add.at(edges, np.minimum(high + AFTER_HOURS + 1, len(kp)), -1)
        classes[np.cumsum(edges[:-1]) > 0] = level
    return classes


def percentage_errors(error: FloatArray) -> FloatArray:
    """Absolute error of a density in per cent of the true one.

    error  log10 of the true density minus log10 of the forecast
    """
    return np.asarray(100.0 * np.abs(10.0 ** (-error) - 1.0))


def score_hours(
    mean: FloatArray, std: FloatArray, truth: FloatArray, bands: Bands, shape: Shape
) -> dict[str, FloatArray]:
    """Sums over the cells of each hour and band, hour × band, and how many cells there are.

    mean, std, truth  hour × cell, log10 density

    ape is the absolute percentage error of the median, nlpd and crps are those of log10
    density (its negative log density as a normal one; the CRPS from its quantiles), inside
    whether each of COVERAGES holds the truth.
    """
    error = truth - mean
    ape = percentage_errors(error)
    some = slice(None, None, CELL_STEP)
    u = error[:, some] / std[:, some]
    crps = std[:, some] * _standard_crps(u, shape)
    nlpd = 0.5 * u**2 + np.log(std[:, some]) + 0.5 * np.log(2 * np.pi)
    limits = shape.at([0.5 + p / 2 for p in COVERAGES])
    # How many of the intervals, from the widest in, hold the truth: one pass for all.
    held = len(COVERAGES) - np.searchsorted(limits, np.abs(u))
    sums = {
        "ape": _by_band(ape, bands.of_cell, len(bands.names)),
        "signed": _by_band(error, bands.of_cell, len(bands.names)),
        "nlpd": _by_band(nlpd, bands.of_cell[some], len(bands.names)),
        "crps": _by_band(crps, bands.of_cell[some], len(bands.names)),
    }
    for index, nominal in enumerate(COVERAGES):
        inside = (held > len(COVERAGES) - 1 - index).astype(np.float32)
        sums[_inside(nominal)] = _by_band(inside, bands.of_cell[some], len(bands.names))
    hours = len(mean)
    sums["cells"] = np.tile(np.bincount(bands.of_cell, minlength=len(bands.names)), (hours, 1))
    scored = np.bincount(bands.of_cell[some], minlength=len(bands.names))
    sums["scored"] = np.tile(scored, (hours, 1))
    return sums


def segment_row(hours: pl.DataFrame) -> dict[str, Any]:
    """Scores of any selection of rows of the table of hours.

    The calibration error score is the mean absolute difference between nominal and
    empirical coverage over COVERAGES, in per cent (Licata et al. 2022).
    """
    names = ["ape", "signed", "nlpd", "crps", *map(_inside, COVERAGES), "cells", "scored"]
    sums = hours.select(pl.col(names).sum()).row(0, named=True)
    cells, scored = float(sums["cells"]), float(sums["scored"])
    coverage = [float(sums[_inside(p)]) / scored for p in COVERAGES]
    gaps = [abs(c - p) for c, p in zip(coverage, COVERAGES, strict=True)]
    return {
        "mape": sums["ape"] / cells,
        "bias_log10": sums["signed"] / cells,
        "nlpd": sums["nlpd"] / scored,
        "crps": sums["crps"] / scored,
        "calibration_error_score": 100.0 * float(np.mean(gaps)),
        "coverage": dict(zip([f"{p:g}" for p in COVERAGES], coverage, strict=True)),
        "hours": hours["hour"].n_unique(),
    }


def _by_band(values: FloatArray, band: npt.NDArray[np.int64], count: int) -> FloatArray:
    member = (band[:, None] == np.arange(count)).astype(np.float32)
    return np.asarray(values.astype(np.float32) @ member)


def _inside(nominal: float) -> str:
    return f"inside_{100 * nominal:g}"


def _standard_crps(u: FloatArray, shape: Shape) -> FloatArray:
    """CRPS of a standardised error, from a table: twice the mean pinball loss over levels."""
    levels = (np.arange(_CRPS_LEVELS) + 0.5) / _CRPS_LEVELS
    grid = np.linspace(-_TABLE_END, _TABLE_END, 1201)
    miss = grid - shape.at(levels)[:, None]
    table = 2 * np.mean(np.maximum(levels[:, None] * miss, (levels[:, None] - 1) * miss), axis=0)
    # Beyond the table the loss is linear in the error.
    beyond = np.maximum(np.abs(u) - _TABLE_END, 0.0)
    return np.asarray(np.interp(u, grid, table) + beyond)
