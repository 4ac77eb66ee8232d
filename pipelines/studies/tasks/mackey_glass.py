"""A chaotic series: dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x (Mackey and Glass 1977).

With tau = 17, as usual for forecasts. Integrated by Runge-Kutta steps of a tenth with the delayed
value held between them, and sampled once per unit of time.
"""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray

DELAY, STEP, BURN_IN = 17, 0.1, 200


def mackey_glass(length: int, seed: int = 0) -> FloatArray:
    """So many values, from a random history near 1.2, without the first BURN_IN."""
    per_unit = round(1 / STEP)
    delay = DELAY * per_unit
    total = (length + BURN_IN) * per_unit
    values = np.empty(total + delay)
    values[:delay] = 1.2 + 0.1 * np.random.default_rng(seed).standard_normal(delay)
    for now in range(delay - 1, total + delay - 1):
        late = values[now - delay + 1]
        pushed = 0.2 * late / (1.0 + late**10)

        def slope(x: float, pushed: float = pushed) -> float:
            return pushed - 0.1 * x

        x = float(values[now])
        k1 = slope(x)
        k2 = slope(x + STEP * k1 / 2)
        k3 = slope(x + STEP * k2 / 2)
        k4 = slope(x + STEP * k3)
        values[now + 1] = x + STEP * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return values[delay::per_unit][BURN_IN : BURN_IN + length]


def windows_of(values: FloatArray, lookback: int, horizon: int) -> tuple[FloatArray, FloatArray]:
    """What is read, row × step × 1, and the value so many steps after its end, row × 1."""
    whole = np.lib.stride_tricks.sliding_window_view(values, lookback + horizon)
    past = whole[:, :lookback, None].astype(np.float32)
    return past, whole[:, -1:].astype(np.float32)
