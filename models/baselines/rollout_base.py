"""What all baselines of open-loop rollouts share: the spread of their own training errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, State
from models.errors import ArtefactError, ModelError, NotFittedError
from models.rollouts import RolloutForecast, Rollouts, check_finite

#: Training rollouts, evenly spread, whose errors give the covariance by hour ahead.
ERROR_ROWS = 400


class RolloutBaseline(ABC):
    """Point rollouts, with the covariance that their errors had in training, hour by hour."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        self._fitted: dict[str, npt.NDArray[Any]] = {}

    def fit(self, train: Rollouts, valid: Rollouts) -> Self:
        """Fit on the rows of `train`; those of `valid` are not read.

        Raises ModelError without rows, or when an input is not finite, or when an hour ahead is
        known in no row.
        """
        del valid
        if not len(train):
            raise ModelError(f"{self.kind}: no rollout to fit on; give a longer training span")
        check_finite(train)
        self._fitted = dict(self.fit_mean(train))
        rows = np.unique(np.linspace(0, len(train) - 1, ERROR_ROWS).astype(int))
        for start in ("known", "unknown"):
            some = train.select(rows).with_known(start == "known")
            error = some.target - self.mean(some)
            self._fitted[f"covariance.{start}"] = self._covariance(error).astype(np.float32)
        return self

    def predict(self, rollouts: Rollouts) -> RolloutForecast:
        """Forecast every row. Raises NotFittedError, or ModelError beyond the horizon of the
        training."""
        if not self._fitted:
            raise NotFittedError(f"{self.kind}: call fit before predict or state")
        check_finite(rollouts)
        longest = len(self._fitted["covariance.known"])
        if rollouts.horizon > longest:
            raise ModelError(
                f"{self.kind}: expected a horizon of at most {longest} hours, that of the "
                f"training; got {rollouts.horizon}"
            )
        mean = self.mean(rollouts)
        both = [self._fitted[f"covariance.{start}"] for start in ("unknown", "known")]
        chosen = np.stack(both)[:, : rollouts.horizon][rollouts.known.astype(int)]
        return RolloutForecast(mean, chosen)

    def state(self) -> State:
        """What was fitted. Raises NotFittedError."""
        if not self._fitted:
            raise NotFittedError(f"{self.kind}: call fit before predict or state")
        return State(kind=self.kind, config=self.config(), arrays=self._fitted)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`. Raises ArtefactError."""
        try:
            made = cls(**state.config)
        except TypeError as error:
            raise ArtefactError(f"stored {state.kind!r} does not fit: {error}") from error
        made._fitted = {name: np.asarray(value) for name, value in state.arrays.items()}
        return made

    def config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {}

    def array(self, name: str) -> npt.NDArray[Any]:
        """One of the arrays that `fit_mean` returned."""
        return self._fitted[name]

    def _covariance(self, error: FloatArray) -> FloatArray:
        """Of errors row × hour × component, over the hours that are known of each row."""
        seen = np.asarray(np.isfinite(error).all(axis=2))
        counts = seen.sum(axis=0)
        if not counts.all():
            raise ModelError(
                f"{self.kind}: no training rollout has a known state {int(np.argmin(counts)) + 1} "
                "hours ahead to learn the spread of errors from; give a longer training span"
            )
        whole = np.where(seen[..., None], error, 0.0)
        products = np.einsum("rhi,rhj->hij", whole, whole)
        return np.asarray(products / counts[:, None, None])

    @abstractmethod
    def fit_mean(self, train: Rollouts) -> Mapping[str, npt.NDArray[Any]]:
        """Fit what `mean` needs, as named arrays."""

    @abstractmethod
    def mean(self, rollouts: Rollouts) -> FloatArray:
        """Forecast of every row, row × hour × component."""


class RidgeBaseline(RolloutBaseline):
    """A baseline whose mean is a ridge regression.

    penalty  per hour, for columns of unit variance; without one the usual penalty
    """

    usual_penalty: ClassVar[float]

    def __init__(self, penalty: float | None = None) -> None:
        super().__init__()
        self.penalty = self.usual_penalty if penalty is None else penalty

    def config(self) -> dict[str, Any]:
        return {"penalty": self.penalty}


def ridge(design: FloatArray, target: FloatArray, penalty: float) -> FloatArray:
    """Coefficients column × component of a ridge regression; the last column, of ones, is free.

    penalty  per sample, for columns of unit variance
    """
    gram = design.T @ design
    free = np.ones(len(gram))
    free[-1] = 0.0
    gram[np.diag_indices_from(gram)] += penalty * len(design) * free
    return np.asarray(np.linalg.solve(gram, design.T @ target))
