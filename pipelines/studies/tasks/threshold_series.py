"""A series with two regimes, which it leaves whenever it gets far into one of them.

::

    y_t = 0.5 y_{t-1} + level(y_{t-2}) + 0.3 e_t,    level(y) = -1.8 where y > 0, else 1.8

A self-exciting threshold autoregression (Tong 1978): linear within a regime, with a jump where
the value of two steps ago changes its sign. A linear model cannot have the jump; what no model
can know is the noise, a known share of the variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray

KEEP, LEVEL, NOISE, DELAY = 0.5, 1.8, 0.3, 2
#: Steps before the first that is given out.
BURN_IN = 100


@dataclass(frozen=True)
class Examples:
    """Windows of a standardised series and what came next.

    past     row × time
    target   row
    floor    variance of the noise in these units: no forecast has a smaller squared error
    """

    past: FloatArray
    target: FloatArray
    floor: float


def threshold_series(steps: int, seed: int) -> FloatArray:
    """So many steps of the series, in its own units."""
    noise = NOISE * np.random.default_rng(seed).normal(size=steps + BURN_IN)
    values = np.zeros(steps + BURN_IN)
    for now in range(DELAY, len(values)):
        level = -LEVEL if values[now - DELAY] > 0 else LEVEL
        values[now] = KEEP * values[now - 1] + level + noise[now]
    return values[BURN_IN:]


def threshold_examples(train: int, test: int, window: int, seed: int) -> tuple[Examples, Examples]:
    """Windows of the first `train` steps and of those after; scaled by the first alone."""
    values = threshold_series(train + test, seed)
    centre, spread = values[:train].mean(), values[:train].std()
    scaled = (values - centre) / spread
    floor = float((NOISE / spread) ** 2)
    return _examples(scaled[:train], window, floor), _examples(scaled[train:], window, floor)


def _examples(values: FloatArray, window: int, floor: float) -> Examples:
    past = np.lib.stride_tricks.sliding_window_view(values, window)[:-1]
    return Examples(past.astype(np.float32), values[window:].astype(np.float32), floor)


def linear_error(train: Examples, test: Examples) -> float:
    """Mean squared error of the best linear map of the window."""

    def design(examples: Examples) -> FloatArray:
        return np.column_stack([examples.past, np.ones(len(examples.past))])

    weights = np.linalg.lstsq(design(train), train.target, rcond=None)[0]
    return float(np.mean((design(test) @ weights - test.target) ** 2))
