"""Which hours train, which calibrate, which judge; rollouts that keep the three apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.emulators.settings import DensityConfig
from models.errors import ModelError
from models.rollouts import Rollouts

BoolArray = npt.NDArray[np.bool_]
HourArray = npt.NDArray[np.datetime64]

#: Months between the validation months of consecutive years: all seasons get their turn.
_TURN = 5
#: Kp from which a rollout counts as active, and as a storm.
ACTIVE_KP, STORM_KP = 5.0, 7.0
#: Hours between origins of validation rollouts.
VALID_STEP = 12


@dataclass(frozen=True)
class Split:
    """Hours of each use; no hour has two."""

    train: BoolArray
    valid: BoolArray
    held_out: BoolArray


def split_hours(times: HourArray, held_out: Sequence[int]) -> Split:
    """Whole years held out; of every other year one month to calibrate on, the rest to train."""
    year = times.astype("datetime64[Y]").astype(int) + 1970
    month = times.astype("datetime64[M]").astype(int) % 12
    out = np.isin(year, np.asarray(held_out, dtype=int))
    valid = np.zeros(len(times), dtype=bool)
    for turn, one in enumerate(sorted(set(year[~out].tolist()))):
        valid |= (year == one) & (month == (_TURN * turn + 2) % 12)
    valid &= ~out
    return Split(~valid & ~out, valid, out)


def rollouts_within(
    hours: BoolArray,
    inputs: FloatArray,
    state: FloatArray,
    config: DensityConfig,
    *,
    step: int = 1,
) -> Rollouts:
    """All rollouts whose look-back and horizon lie in `hours`, every `step` hours.

    Raises ModelError when there is none.
    """
    length = config.lookback + config.horizon
    # An hour outside ends every window that holds it.
    outside = np.concatenate([[0], np.cumsum(~hours)])
    starts = np.arange(max(len(hours) - length + 1, 0))
    first = starts[outside[starts + length] == outside[starts]][::step]
    if not len(first):
        raise ModelError(
            f"no {length} consecutive hours of one use: expected a look-back of {config.lookback} "
            f"and a horizon of {config.horizon} hours; give more months"
        )
    return _rollouts(first + config.lookback - 1, inputs, state, config)


def consecutive_rollouts(
    hours: BoolArray,
    inputs: FloatArray,
    state: FloatArray,
    config: DensityConfig,
    *,
    start: int = 0,
) -> Rollouts:
    """Rollouts that follow each other without overlap through every run of `hours`.

    start  hours of a run before the first of its rollouts

    The look-back may lie before `hours`: the state at the origin and before it is known.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hours, [False]]).astype(int)))
    starts = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        begin = max(first - 1, config.lookback - 1) + start
        starts.append(np.arange(begin, end - config.horizon, config.horizon))
    origins = np.concatenate([*starts, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    if not len(origins):
        raise ModelError(
            f"{int(hours.sum())} hours held out: expected at least one horizon of "
            f"{config.horizon} together"
        )
    return _rollouts(origins, inputs, state, config)


def with_storm_weights(rollouts: Rollouts, kp: FloatArray, config: DensityConfig) -> Rollouts:
    """Show active rollouts and storms more often, by the highest Kp ahead."""
    ahead = np.lib.stride_tricks.sliding_window_view(kp, rollouts.horizon).max(axis=1)
    highest = ahead[rollouts.origin + 1]
    weight = np.where(highest >= ACTIVE_KP, config.active_weight, 1.0)
    weight = np.where(highest >= STORM_KP, config.storm_weight, weight)
    return Rollouts(
        rollouts.inputs,
        rollouts.state,
        rollouts.origin,
        rollouts.lookback,
        rollouts.horizon,
        rollouts.known,
        weight,
    )


def _rollouts(
    origin: npt.NDArray[np.int64], inputs: FloatArray, state: FloatArray, config: DensityConfig
) -> Rollouts:
    return Rollouts(
        inputs,
        state,
        origin,
        config.lookback,
        config.horizon,
        np.ones(len(origin), dtype=bool),
        np.ones(len(origin)),
    )
