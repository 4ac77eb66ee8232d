"""Predict, then update: a network that learns from every outcome when its time has come.

At each time the outcomes that end there come in, each lead's from an origin its horizon before;
the network takes its step on them, and then forecasts from this time. An outcome is never used
before the time at which it ends (Dawid 1984 calls this prequential).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from models.contract import FloatArray, Forecast, IntArray, Windows
from models.errors import ModelError

#: Called with (times done, times in all).
Progress = Callable[[int, int], None]


class Learns(Protocol):
    """A forecaster that goes on to learn."""

    def predict(self, windows: Windows) -> Forecast: ...

    def update(self, windows: Windows) -> Self: ...


@dataclass(frozen=True)
class Prequential:
    """What was forecast, and when it was learnt from.

    rows      indices into the windows, in order of time
    mean      row × lead: forecast made at the row's origin
    updates   time: outcomes that were learnt from just before the forecasts of that time
    """

    rows: IntArray
    mean: FloatArray
    updates: IntArray


def outcomes_due(windows: Windows, time: int) -> Windows:
    """The rows with an outcome that ends at `time`; every other outcome of theirs is hidden."""
    ends = windows.origin[:, None] + np.asarray(windows.horizons)
    due = (ends == time) & np.isfinite(windows.target)
    rows = np.flatnonzero(due.any(axis=1))
    chosen = windows.select(rows)
    return replace(chosen, target=np.where(due[rows], chosen.target, np.nan))


def prequential(
    model: Learns,
    windows: Windows,
    times: Sequence[int],
    *,
    learn: bool = True,
    progress: Progress | None = None,
) -> Prequential:
    """Go through the times; `model` is changed in place unless `learn` is false.

    windows   rows of all origins, with all outcomes; those before the first time serve to learn
              from alone
    times     indices into the windows' time axis, ascending, without gaps: every outcome in
              between is learnt from

    Raises ModelError for times that are not so.
    """
    if not len(times) or list(times) != list(range(times[0], times[0] + len(times))):
        raise ModelError("prequential: expected times without gaps, ascending, at least one")
    rows, means, updates = [], [], []
    for done, time in enumerate(times, start=1):
        due = outcomes_due(windows, time) if learn else windows.select(np.arange(0))
        if len(due):
            model.update(_near(due))
        updates.append(int(np.isfinite(due.target).sum()))
        here = np.flatnonzero(windows.origin == time)
        if len(here):
            rows.append(here)
            means.append(model.predict(_near(windows.select(here))).mean)
        if progress is not None:
            progress(done, len(times))
    found = np.concatenate(rows) if rows else np.arange(0)
    mean = np.concatenate(means) if means else np.empty((0, len(windows.leads)))
    return Prequential(found.astype(np.int64), mean, np.asarray(updates, dtype=np.int64))


def _near(windows: Windows) -> Windows:
    """The same rows, with no more of the time axis than they read: models look at all of it."""
    first = int(windows.origin.min()) - windows.lookback + 1
    last = int(windows.origin.max()) + 1
    return replace(
        windows,
        channels=windows.channels[:, first:last],
        history=windows.history[:, first:last],
        origin=windows.origin - first,
    )
