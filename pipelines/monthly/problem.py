"""A panel made into rows: to train on, to rehearse on, to forecast.

A rehearsal is a forecast at origins inside the training part, by models that learned from
what was known before the first of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.contract import FloatArray, IntArray, Windows
from models.monthly.pool import PoolConfig, Pooled, pool
from models.monthly.windows import causal_scale, panel_windows
from pipelines.monthly.settings import MonthlyConfig

#: Told what is being done, and how much of how much is done: steps of time by the
#: smoothers, then CPU seconds of everything else.
Progress = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Problem:
    """A panel made into rows.

    train      rows with an outcome in the panel
    rehearsal  training rows whose outcomes come before those of `check`
    check      validation rows; none when the series are too short
    asked      one row per series: from its newest step
    """

    train: Windows
    rehearsal: Windows
    check: Windows
    asked: Windows


def make_problem(
    values: FloatArray,
    horizon: int,
    season: int,
    config: MonthlyConfig,
    progress: Progress | None = None,
) -> Problem:
    """Run the pool over the panel and cut it into rows."""
    series, times = values.shape
    origins = int(np.clip(config.max_rows // series, 3 * horizon, times))
    first = max(times - 1 - origins, 0)
    scale = causal_scale(values, season)[:, -1]
    told = None if progress is None else partial(progress, "smoothers")
    pooled = pool(values, scale, season, horizon, first, PoolConfig(), told)
    return _problem(values, pooled, horizon, season, config)


def _problem(
    values: FloatArray, pooled: Pooled, horizon: int, season: int, config: MonthlyConfig
) -> Problem:
    newest = values.shape[1] - 1
    rows = _rows(values, season, pooled.first)
    every = panel_windows(values, pooled, season, config.lookback, *rows)
    origin = every.origin - config.lookback
    asked, train = every.select(origin == newest), every.select(origin < newest)
    for folds in range(config.folds, 0, -1):
        checked = newest - horizon - np.arange(folds) * max(1, horizon // 2)
        before, check = _rehearsed(every, config.lookback, checked)
        if len(check):
            return Problem(train, before, check, asked)
    return Problem(train, train.select(np.arange(0)), train.select(np.arange(0)), asked)


def _rehearsed(every: Windows, lookback: int, checked: IntArray) -> tuple[Windows, Windows]:
    """Rows at these origins, and those that a model may learn from before the first of them.

    Without an outcome of every lead to learn from, there are none of either.
    """
    origin, cut = every.origin - lookback, int(checked.min())
    before = _outcomes_until(every.select(origin < cut), lookback, cut)
    if not np.isfinite(before.target).any(axis=0).all():
        return before, every.select(np.arange(0))
    return before, every.select(np.isin(origin, checked) & _seen(every))


def _rows(values: FloatArray, season: int, first: int) -> tuple[IntArray, IntArray]:
    """Series and origin of every row: all series at the newest time, others once begun."""
    count = np.isfinite(values).cumsum(axis=1)
    begun = np.minimum(season + 2, np.maximum(count[:, -1:] // 2, 2))
    moved = np.fmax.accumulate(values, axis=1) > np.fmin.accumulate(values, axis=1)
    usable = (count >= begun) & np.isfinite(values) & moved
    usable[:, :first] = False
    usable[:, -1] = True
    series, origin = np.nonzero(usable)
    return series.astype(np.int64), origin.astype(np.int64)


def _seen(windows: Windows) -> np.ndarray:
    return np.asarray(np.isfinite(windows.target).any(axis=1))


def _outcomes_until(windows: Windows, lookback: int, time: int) -> Windows:
    """Hide the outcomes after a time; rows without any left are dropped."""
    due = windows.origin[:, None] - lookback + np.asarray(windows.horizons)
    hidden = replace(windows, target=np.where(due <= time, windows.target, np.nan))
    return hidden.select(_seen(hidden))
