"""Persistence of the state: what is true at the origin stays true.

Where the start is not known, the mean state of the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.baselines.rollout_base import RolloutBaseline
from models.contract import FloatArray
from models.rollouts import Rollouts, hours_read


class StatePersistence(RolloutBaseline):
    """The last known state, for all hours ahead."""

    kind = "persistence"

    def fit_mean(self, train: Rollouts) -> Mapping[str, npt.NDArray[Any]]:
        return {"mean": np.nanmean(train.state[hours_read(train)], axis=0)}

    def mean(self, rollouts: Rollouts) -> FloatArray:
        last = rollouts.state[rollouts.origin]
        start = np.where(rollouts.known[:, None], last, self.array("mean"))
        return np.repeat(start[:, None], rollouts.horizon, axis=1)
