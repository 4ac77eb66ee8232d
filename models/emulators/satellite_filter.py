"""The Kalman filter for errors that fade independently, for many settings at once.

Each element of the state is an Ornstein-Uhlenbeck process: mean zero, a variance it keeps,
a time after which it has faded to 1/e (infinite for a constant). A row observes a weighted
sum of them. Rows come in groups (a group is a forecast's day): all rows of a group are
forecast from the end of the group before, then read one by one. A row far outside its
interval is believed less (Huber), so that one bad sample does not move the state.

Settings (time constants, variances, noise) lead every array: the likelihood of many is
computed in one pass, which makes the gradient of a fit cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, IntArray
from models.emulators.satellite_spread import HUBER, huber


@dataclass(frozen=True)
class Processes:
    """Settings of the processes, setting × element, and of the noise.

    variance  setting × element
    memory    setting × element, days; np.inf for a constant
    """

    variance: FloatArray
    memory: FloatArray


class Belief(NamedTuple):
    """The state at `day`: mean, setting × element; covariance, setting × element × element."""

    day: float
    mean: FloatArray
    covariance: FloatArray


class Pass(NamedTuple):
    """What one pass over rows gives.

    mean, variance  setting × row: each row forecast from the end of the group before;
                    the variance is without noise
    loss            setting: sum of -log likelihood of the rows read, each given those before
    belief          after the last row
    """

    mean: FloatArray
    variance: FloatArray
    loss: FloatArray
    belief: Belief


def prior(processes: Processes, day: float) -> Belief:
    """What is believed before anything is measured."""
    variance = processes.variance
    return Belief(day, np.zeros_like(variance), variance[:, :, None] * np.eye(variance.shape[1]))


def advanced(belief: Belief, processes: Processes, day: float) -> Belief:
    """The same belief, faded to a later day."""
    kept = np.exp(-(day - belief.day) / processes.memory)
    covariance = belief.covariance * (kept[:, :, None] * kept[:, None, :])
    diagonal = np.einsum("sii->si", covariance)
    diagonal += processes.variance * (1.0 - kept**2)
    return Belief(day, belief.mean * kept, covariance)


def forecast(
    belief: Belief, processes: Processes, days: FloatArray, rows: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (without noise) at later rows (row × element), setting × row."""
    kept = np.exp(-(days[None, :, None] - belief.day) / processes.memory[:, None, :])
    faded = rows * kept
    mean = np.einsum("sre,se->sr", faded, belief.mean)
    old = np.einsum("sre,sre->sr", faded @ belief.covariance, faded)
    new = np.einsum("sre,se->sr", rows**2 * (1.0 - kept**2), processes.variance)
    return mean, old + new


def run(
    belief: Belief,
    processes: Processes,
    days: FloatArray,
    rows: FloatArray,
    value: FloatArray,
    noise: FloatArray,
    group: IntArray,
    read: npt.NDArray[np.bool_],
) -> Pass:
    """Forecast and read all rows in order of time.

    days   row, not falling, none before the belief
    rows   row × element: weights of the elements
    value  row: what was measured; not looked at where `read` is False
    noise  setting × row: variance of the noise
    group  row, not falling: number of the group
    """
    mean, variance = np.empty_like(noise), np.empty_like(noise)
    loss = np.zeros(len(noise))
    starts = np.flatnonzero(np.diff(group, prepend=group[:1] - 1))
    for first, last in zip(starts, [*starts[1:], len(group)], strict=True):
        part = slice(first, last)
        mean[:, part], variance[:, part] = forecast(belief, processes, days[part], rows[part])
        for index in np.flatnonzero(read[part]) + first:
            belief = advanced(belief, processes, float(days[index]))
            belief, row_loss = _updated(belief, rows[index], value[index], noise[:, index])
            loss += row_loss
    return Pass(mean, variance, loss, belief)


def _updated(
    belief: Belief, row: FloatArray, value: float, noise: FloatArray
) -> tuple[Belief, FloatArray]:
    """The belief after one measurement, and -log likelihood of it, setting."""
    seen = belief.covariance @ row
    variance = seen @ row + noise
    error = value - belief.mean @ row
    z = error / np.sqrt(variance)
    loss = 0.5 * np.log(variance) + huber(z)
    trusted = variance * np.maximum(np.abs(z) / HUBER, 1.0)
    gain = seen / trusted[:, None]
    covariance = belief.covariance - gain[:, :, None] * seen[:, None, :]
    return Belief(belief.day, belief.mean + gain * error[:, None], covariance), loss
