"""A memoryless polynomial: the state is a quadratic function of the hour's drivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.baselines.rollout_base import RidgeBaseline, ridge
from models.contract import FloatArray
from models.rollouts import Rollouts, hours_read
from models.transforms.scaling import Standardiser


class PolynomialMap(RidgeBaseline):
    """Ridge regression on all features, their squares and their products."""

    kind = "polynomial"
    usual_penalty = 1e-5

    def fit_mean(self, train: Rollouts) -> Mapping[str, npt.NDArray[Any]]:
        hours = hours_read(train) & np.isfinite(train.state).all(axis=1)
        inputs = Standardiser.fit(train.inputs[hours])
        terms = Standardiser.fit(_quadratic(inputs.transform(train.inputs[hours])))
        design = self._design(train.inputs[hours], inputs, terms)
        map_ = ridge(design, train.state[hours].astype(np.float64), self.penalty)
        return {
            "map": map_,
            "inputs.mean": inputs.mean,
            "inputs.factor": inputs.factor,
            "terms.mean": terms.mean,
            "terms.factor": terms.factor,
        }

    def mean(self, rollouts: Rollouts) -> FloatArray:
        inputs = Standardiser(self.array("inputs.mean"), self.array("inputs.factor"))
        terms = Standardiser(self.array("terms.mean"), self.array("terms.factor"))
        hours = np.unique(rollouts.hours_ahead)
        values = self._design(rollouts.inputs[hours], inputs, terms) @ self.array("map")
        return np.asarray(values[np.searchsorted(hours, rollouts.hours_ahead)])

    def _design(self, inputs: FloatArray, first: Standardiser, second: Standardiser) -> FloatArray:
        terms = second.transform(_quadratic(first.transform(inputs)))
        ones = np.ones((len(terms), 1))
        return np.concatenate([terms, ones], axis=1).astype(np.float64)


def _quadratic(x: FloatArray) -> FloatArray:
    left, right = np.triu_indices(x.shape[1])
    return np.concatenate([x, x[:, left] * x[:, right]], axis=1)
