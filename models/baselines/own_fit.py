"""One series, one classical model: the only file that calls statsforecast."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.contract import LEVELS, FloatArray

#: Central intervals, in percent, that hold the quantiles at `LEVELS`, widest first.
COVERAGES = tuple(round(100 * (1 - 2 * level)) for level in LEVELS[: len(LEVELS) // 2])


def newest_stretch(history: FloatArray) -> tuple[FloatArray, int]:
    """Longest run of values without a gap that ends at the newest one, and the number of
    silent periods after it."""
    finite = np.flatnonzero(np.isfinite(history))
    if not len(finite):
        return np.empty(0), len(history)
    end = int(finite[-1]) + 1
    gaps = np.flatnonzero(~np.isfinite(history[:end]))
    start = int(gaps[-1]) + 1 if len(gaps) else 0
    return history[start:end].astype(np.float64), len(history) - end


def fit_and_forecast(
    name: str, options: Mapping[str, Any], values: FloatArray, steps: int
) -> FloatArray | None:
    """Point forecast, then its quantiles at `LEVELS`: step × (1 + level); None if it fails.

    name, options   class in `statsforecast.models` and its arguments
    values          history without gaps, oldest first
    """
    from statsforecast import models  # takes 1.5 s; only who needs it waits

    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model = getattr(models, name)(**options)
            found = model.forecast(values, steps, level=list(COVERAGES))
    except Exception:
        # Any error at all: the library lets those of its optimisers and of numpy through.
        return None
    lower = [np.asarray(found[f"lo-{coverage}"]) for coverage in COVERAGES]
    upper = [np.asarray(found[f"hi-{coverage}"]) for coverage in COVERAGES[::-1]]
    # Some intervals are simulated; their own middle lies between them, the mean may not.
    middle = (lower[-1] + upper[0]) / 2
    quantiles = np.sort(np.stack([*lower, middle, *upper], axis=1), axis=1)
    paths = np.column_stack([found["mean"], quantiles])
    return paths if np.isfinite(paths).all() else None
