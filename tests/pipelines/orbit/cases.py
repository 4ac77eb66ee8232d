"""Plans and density models that several tests share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.emulators.grid import Grid
from models.orbit.density import Exponential
from pipelines.orbit.plan import OrbitPlan
from tests.models.orbit.cases import BALLISTIC, START, FloatArray, low_orbit


def plan(hours: float = 6.0, step: float = 30.0, **changes: object) -> OrbitPlan:
    settings = {"every": 300.0, "seed": 3, "satellite": "a test", **changes}
    return OrbitPlan(START, hours / 24.0, low_orbit(), BALLISTIC, step=step, **settings)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Spread:
    """Samples of the exponential atmosphere, each times its own factor."""

    factors: tuple[float, ...]
    name: str = "spread"
    label: str = "exponential, spread"
    heights: tuple[float, float] = (100.0, 1000.0)

    @property
    def samples(self) -> int:
        return len(self.factors)

    def density(
        self,
        seconds: float,
        latitude: FloatArray,
        longitude: FloatArray,
        height: FloatArray,
        sample: FloatArray,
    ) -> FloatArray:
        plain = Exponential().density(seconds, latitude, longitude, height, sample)
        return np.asarray(plain * np.asarray(self.factors)[sample])


def small_grid() -> Grid:
    return Grid.regular(8, 6, 4, lowest=300.0, highest=450.0)


def smooth_field(grid: Grid, hours: int) -> FloatArray:
    """log10 density that is linear in hour and height, and waves in local time and latitude."""
    time = np.arange(hours)[:, None, None, None]
    angle = np.asarray(grid.local_time)[:, None, None] * np.pi / 12
    latitude = np.radians(np.asarray(grid.latitude))[:, None]
    height = np.asarray(grid.height)
    return np.asarray(
        -11.5
        + 0.01 * time
        + 0.2 * np.cos(angle) * np.cos(latitude)
        + 0.1 * np.sin(latitude)
        - 0.007 * (height - 400.0)
    )
