"""Invented funds of realistic size, for measurements of speed alone."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray


def excess_returns(funds: int, months: int, seed: int = 0) -> FloatArray:
    """Excess returns that share a market, series × time; a third of the funds start late."""
    draw = np.random.default_rng(seed)
    market = draw.normal(0.006, 0.04, months)
    loading = draw.uniform(0.6, 1.4, (funds, 1))
    returns = loading * market + draw.normal(0.0, 0.02, (funds, months))
    late = draw.random(funds) < 1 / 3
    start = np.where(late, draw.integers(0, months // 3, funds), 0)
    return np.where(np.arange(months) < start[:, None], np.nan, returns)
