"""What an orbit study propagates, checked before anything takes time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray
from models.errors import ConfigError
from models.orbit.propagation import Schedule
from models.orbit.states import check_ballistic, check_state

MOST_DAYS = 31.0


@dataclass(frozen=True)
class OrbitPlan:
    """One satellite over some days.

    start      UTC
    days       above 0, at most MOST_DAYS
    state      6: km and km/s, inertial (TEME), at the start
    ballistic  Cd A / m, m2/kg
    satellite  what it is, for people
    step       seconds of a step of the propagation
    every      seconds between outputs
    seed       of samples of density
    """

    start: np.datetime64
    days: float
    state: FloatArray
    ballistic: float
    satellite: str
    step: float = 10.0
    every: float = 60.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.days <= MOST_DAYS:
            raise ConfigError(
                f"days: expected above 0 and at most {MOST_DAYS:g}, got {self.days:g}"
            )
        check_state(self.state)
        check_ballistic(self.ballistic)
        _ = self.schedule

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.start, self.step, self.every, self.days * 86400.0)
