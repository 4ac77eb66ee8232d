"""The contract of open-loop forecasts: a state that drivers push along, hour by hour.

`Rollouts` is a set of forecasting problems (rows) over shared arrays: from an origin, the
state of every one of the next `horizon` hours is forecast at once, with the drivers of
those hours given and nothing of the state read after the origin. `RolloutForecast` is the
answer, a normal distribution per row and hour over all components of the state.
`RolloutForecaster` is the interface of every such model, network or not.

Axes are named in this order everywhere: row, hour, feature or component.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, IntArray, State
from models.errors import ModelError


@dataclass(frozen=True)
class Rollouts:
    """Open-loop forecasting problems over shared arrays of consecutive hours.

    inputs    hour × feature, finite: what drives the state
    state     hour × component; NaN where it is not known
    origin    row: index of the last hour whose state may be read
    lookback  hours of drivers (and of the state, where known) that end at the origin
    horizon   hours to forecast after the origin
    known     row: whether the state at and before the origin is known
    weight    row: positive; what the row's loss counts for
    """

    inputs: FloatArray
    state: FloatArray
    origin: IntArray
    lookback: int
    horizon: int
    known: npt.NDArray[np.bool_]
    weight: FloatArray

    def __post_init__(self) -> None:
        rows = self.origin.shape
        if self.known.shape != rows or self.weight.shape != rows:
            raise ModelError(
                f"Rollouts: {len(self.origin)} origins, but known has shape {self.known.shape} "
                f"and weight {self.weight.shape}"
            )
        if len(self.inputs) != len(self.state):
            raise ModelError(
                f"Rollouts: inputs have {len(self.inputs)} hours, the state {len(self.state)}"
            )
        if not len(self.origin):
            return
        first, last = int(self.origin.min()), int(self.origin.max())
        if first < self.lookback - 1 or last + self.horizon >= len(self.inputs):
            raise ModelError(
                f"Rollouts.origin: {first} to {last} of {len(self.inputs)} hours leave no room "
                f"for {self.lookback} hours before and {self.horizon} after"
            )

    def __len__(self) -> int:
        return len(self.origin)

    @property
    def hours_ahead(self) -> IntArray:
        """Indices of the hours that are forecast, row × hour."""
        return np.asarray(self.origin[:, None] + np.arange(1, self.horizon + 1))

    @property
    def target(self) -> FloatArray:
        """The state of the hours ahead, row × hour × component."""
        return np.asarray(self.state[self.hours_ahead])

    def select(self, rows: npt.NDArray[Any]) -> Rollouts:
        """Return the rows picked by a boolean mask or an index array."""
        return replace(
            self, origin=self.origin[rows], known=self.known[rows], weight=self.weight[rows]
        )

    def with_known(self, known: bool) -> Rollouts:
        """The same rows, all of them with the state at the origin known, or none."""
        return replace(self, known=np.full(len(self), known))


@dataclass(frozen=True)
class RolloutForecast:
    """A normal distribution of the state, per row and hour.

    mean        row × hour × component
    covariance  row × hour × component × component, symmetric and positive semi-definite
    """

    mean: FloatArray
    covariance: FloatArray

    def __post_init__(self) -> None:
        want = (*self.mean.shape, self.mean.shape[-1])
        if self.covariance.shape != want:
            raise ModelError(
                f"RolloutForecast.covariance: expected {want}, got {self.covariance.shape}"
            )

    @property
    def std(self) -> FloatArray:
        """Standard deviation of each component, row × hour × component."""
        return np.asarray(np.sqrt(np.einsum("...ii->...i", self.covariance)))


@runtime_checkable
class RolloutForecaster(Protocol):
    """The interface of every open-loop model. `fit` must not read rows of `valid` to fit
    parameters; it may stop and calibrate on them."""

    def fit(self, train: Rollouts, valid: Rollouts) -> Self: ...

    def predict(self, rollouts: Rollouts) -> RolloutForecast: ...

    def state(self) -> State: ...

    @classmethod
    def from_state(cls, state: State) -> Self: ...


def hours_read(rollouts: Rollouts) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which hours lie in one of the windows."""
    edges = np.zeros(len(rollouts.inputs) + 1, dtype=np.int64)
    np.add.at(edges, rollouts.origin - rollouts.lookback + 1, 1)
    np.add.at(edges, rollouts.origin + rollouts.horizon + 1, -1)
    return np.asarray(edges.cumsum()[:-1] > 0)


def complete(rollouts: Rollouts) -> npt.NDArray[np.bool_]:
    """Which rows have a state in every hour that they read or forecast."""
    missing = ~np.isfinite(rollouts.state).all(axis=1)
    before = np.concatenate([[0], missing.cumsum()])
    first = rollouts.origin - rollouts.lookback + 1
    return np.asarray(before[rollouts.origin + rollouts.horizon + 1] == before[first])


def check_finite(rollouts: Rollouts) -> None:
    """Raise ModelError for an input, or a state said to be known, that is not finite."""
    bad = ~np.isfinite(rollouts.inputs)
    if bad.any():
        hour, feature = (int(i) for i in np.argwhere(bad)[0])
        raise ModelError(
            f"Rollouts.inputs: expected finite numbers, got {rollouts.inputs[hour, feature]} at "
            f"hour {hour}, feature {feature}; fill missing drivers before"
        )
    for origin in rollouts.origin[rollouts.known]:
        if not np.isfinite(rollouts.state[origin - rollouts.lookback + 1 : origin + 1]).all():
            raise ModelError(
                f"Rollouts.state: said to be known up to hour {origin}, but not finite in the "
                f"{rollouts.lookback} hours that end there"
            )
