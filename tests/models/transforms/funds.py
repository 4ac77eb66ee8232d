"""Made panels of funds: one common factor, own noise, late starts and deaths."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray


def make_panel(
    funds: int = 40, times: int = 160, seed: int = 0, ragged: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Excess returns, fund × time, and the risk-free rate; with `ragged`, unequal lives."""
    rng = np.random.default_rng(seed)
    market = 0.006 + 0.04 * rng.standard_normal(times)
    beta = rng.uniform(0.5, 1.5, (funds, 1))
    excess = beta * market + 0.02 * rng.standard_normal((funds, times))
    if ragged:
        for fund in range(0, funds, 4):
            excess[fund, : rng.integers(1, times // 2)] = np.nan
        for fund in range(1, funds, 8):
            excess[fund, rng.integers(times // 2, times) :] = np.nan
    return excess, np.full(times, 0.001)
