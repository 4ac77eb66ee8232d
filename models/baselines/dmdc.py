"""Dynamic mode decomposition with control: the state is a linear map of itself and of inputs.

z(t+1) = A·z(t) + B·[x(t), x(t+1)] + b, all in standard units, by ridge regression (Proctor,
Brunton and Kutz 2016; for the thermosphere Mehta, Linares and Sutton 2018). Iterated open
loop. Where the start is not known, it is spun up over the look-back from the mean state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.baselines.rollout_base import RidgeBaseline, ridge
from models.contract import FloatArray
from models.rollouts import Rollouts, hours_read
from models.transforms.scaling import Standardiser

#: No eigenvalue of A may be larger: a growing mode would carry five days away.
LARGEST_MODULUS = 1.0


class DMDc(RidgeBaseline):
    """Linear dynamics with inputs."""

    kind = "dmdc"
    usual_penalty = 1e-4

    def fit_mean(self, train: Rollouts) -> Mapping[str, npt.NDArray[Any]]:
        hours = hours_read(train) & np.isfinite(train.state).all(axis=1)
        inputs = Standardiser.fit(train.inputs[hours])
        state = Standardiser.fit(train.state[hours])
        now = np.flatnonzero(hours[:-1] & hours[1:])
        x, z = inputs.transform(train.inputs), state.transform(train.state)
        ones = np.ones((len(now), 1))
        design = np.concatenate([z[now], x[now], x[now + 1], ones], axis=1).astype(np.float64)
        map_ = ridge(design, z[now + 1].astype(np.float64), self.penalty)
        components = z.shape[1]
        map_[:components] = _stable(map_[:components])
        return {
            "map": map_,
            "inputs.mean": inputs.mean,
            "inputs.factor": inputs.factor,
            "state.mean": state.mean,
            "state.factor": state.factor,
        }

    def mean(self, rollouts: Rollouts) -> FloatArray:
        inputs = Standardiser(self.array("inputs.mean"), self.array("inputs.factor"))
        state = Standardiser(self.array("state.mean"), self.array("state.factor"))
        x = inputs.transform(rollouts.inputs)
        forced = np.concatenate([x[:-1], x[1:]], axis=1) @ self._part("input") + self._part("bias")
        z = self._starts(rollouts, state, forced)
        steps = []
        for ahead in range(rollouts.horizon):
            z = z @ self._part("state") + forced[rollouts.origin + ahead]
            steps.append(z)
        scale = np.where(state.factor > 0, 1 / np.where(state.factor > 0, state.factor, 1), 0)
        return np.asarray(np.stack(steps, axis=1) * scale + state.mean)

    def _starts(self, rollouts: Rollouts, state: Standardiser, forced: FloatArray) -> FloatArray:
        spun = np.zeros((len(rollouts), len(state.mean)))
        first = rollouts.origin - rollouts.lookback + 1
        for step in range(rollouts.lookback - 1):
            spun = spun @ self._part("state") + forced[first + step]
        true = state.transform(rollouts.state[rollouts.origin])
        return np.where(rollouts.known[:, None], true, spun)

    def _part(self, name: str) -> FloatArray:
        map_ = self.array("map")
        components = map_.shape[1]
        parts = {"state": map_[:components], "input": map_[components:-1], "bias": map_[-1]}
        return np.asarray(parts[name])


def _stable(matrix: FloatArray) -> FloatArray:
    """The matrix with eigenvalues of modulus above LARGEST_MODULUS drawn back to it."""
    values, vectors = np.linalg.eig(matrix)
    size = np.maximum(np.abs(values) / LARGEST_MODULUS, 1.0)
    return np.asarray(np.real((vectors * (values / size)) @ np.linalg.inv(vectors)))
