"""NRLMSIS itself as a contestant, where another model made the fields."""

from __future__ import annotations

from typing import Self

import numpy as np

from models.contract import FloatArray, IntArray, State
from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from models.errors import ModelError
from models.rollouts import RolloutForecast, Rollouts
from models.transforms.principal_components import PrincipalComponents
from pipelines.datasets.density.msis import msis_field

#: The label of fields that it made itself: its error there would be none.
LABEL = "NRLMSIS 2.1"
#: Hours per call.
_HOURS = 240


class PhysicsModel:
    """NRLMSIS 2.1 of every hour, projected on the components; it knows no start.

    Its covariance is that of the coefficients in training: what its errors are like is
    learnt by the ensemble around it.
    """

    def __init__(self, drivers: Drivers, grid: Grid, components: PrincipalComponents) -> None:
        self._drivers = drivers
        self._grid = grid
        self._components = components

    def fit(self, train: Rollouts, valid: Rollouts) -> Self:
        """Nothing is fitted."""
        del train, valid
        return self

    def predict(self, rollouts: Rollouts) -> RolloutForecast:
        """Rollouts must be over the hours of the drivers."""
        if len(rollouts.inputs) != len(self._drivers):
            raise ModelError(
                f"NRLMSIS: rollouts over {len(rollouts.inputs)} hours, drivers of "
                f"{len(self._drivers)}; expected the same hours"
            )
        hours = np.unique(rollouts.hours_ahead)
        states = [self._states(hours[i : i + _HOURS]) for i in range(0, len(hours), _HOURS)]
        mean = np.concatenate(states)[np.searchsorted(hours, rollouts.hours_ahead)]
        spread = np.diag(self._components.variance).astype(np.float32)
        return RolloutForecast(mean, np.broadcast_to(spread, (*mean.shape, len(spread))))

    def state(self) -> State:
        """It is no model of ours to store."""
        raise ModelError("NRLMSIS is computed by pymsis and not stored; store an emulator of it")

    @classmethod
    def from_state(cls, state: State) -> Self:
        """See `state`."""
        raise ModelError(f"NRLMSIS is not restored from {state.kind!r}; it is computed by pymsis")

    def _states(self, hours: IntArray) -> FloatArray:
        fields = msis_field(self._drivers.times[hours], self._grid, self._drivers)
        return self._components.project(fields.reshape(len(hours), -1))
