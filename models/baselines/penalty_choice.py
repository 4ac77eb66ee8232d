"""A ridge penalty, chosen on the newest part of the training dates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.baselines.least_squares import linear_fit, linear_predict
from models.contract import FloatArray, IntArray
from models.errors import ConfigError

BoolArray = npt.NDArray[np.bool_]


def check_choice(penalties: Sequence[float], holdout: float) -> None:
    """Raise ConfigError for settings that are none."""
    if not penalties or min(penalties) <= 0:
        raise ConfigError(f"penalties: expected positive numbers, got {penalties}")
    if not 0 < holdout < 1:
        raise ConfigError(f"holdout: expected a share between 0 and 1, got {holdout}")


def time_split(dates: IntArray, horizon: int, share: float) -> tuple[BoolArray, BoolArray]:
    """Masks of the older and the newer rows; the newer ones hold `share` of the dates.

    Rows whose outcome ends after the split are in neither.
    """
    unique = np.unique(dates)
    split = unique[min(int((1 - share) * len(unique)), len(unique) - 1)]
    return dates + horizon <= split, dates >= split


def chosen_penalty(
    features: FloatArray,
    target: FloatArray,
    penalties: Sequence[float],
    older: BoolArray,
    newer: BoolArray,
) -> float:
    """Penalty with the least squared error on the newer rows, fitted on the older ones.

    With too few older rows to tell, the middle one.
    """
    penalties = sorted(penalties)
    if len(penalties) == 1 or older.sum() <= features.shape[1]:
        return penalties[len(penalties) // 2]

    def loss(penalty: float) -> float:
        fitted = linear_fit(features[older], target[older], penalty)
        return float(((target[newer] - linear_predict(features[newer], fitted)) ** 2).mean())

    return min(penalties, key=loss)
