"""Density along an orbit from sampled paths of a reduced state: the emulator in an orbit.

Every sample keeps its own path of the state, so its errors last as long as the emulator
thinks they do; what the components leave out is not sampled, for it averages out along an
orbit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray, IntArray
from models.emulators.emulator import DensityEmulator
from models.emulators.grid import local_time
from models.emulators.state_path import StatePath
from models.errors import ModelError


@dataclass(frozen=True)
class StateDensity:
    """An emulator's paths as a density model.

    name, label  of the emulator, or of another model of the reduced state such as DMDc
    emulator     its components and grid
    start        of the orbit, UTC
    first        hour of the first state, UTC
    states       sample × hour × component
    """

    name: str
    label: str
    emulator: DensityEmulator
    start: np.datetime64
    first: np.datetime64
    states: FloatArray

    @classmethod
    def of_samples(
        cls,
        name: str,
        emulator: DensityEmulator,
        path: StatePath,
        start: np.datetime64,
        samples: int,
        seed: int,
    ) -> StateDensity:
        """Paths drawn from a forecast of the state."""
        label = f"emulator of {emulator.label}, {samples} samples"
        drawn = path.sample(samples, seed)
        return cls(name, label, emulator, start, path.start, drawn)

    @classmethod
    def of_mean(
        cls,
        name: str,
        label: str,
        emulator: DensityEmulator,
        path: StatePath,
        start: np.datetime64,
    ) -> StateDensity:
        """The mean of a forecast of the state, as one sample."""
        return cls(name, label, emulator, start, path.start, path.mean[None])

    @property
    def samples(self) -> int:
        return len(self.states)

    @property
    def heights(self) -> tuple[float, float]:
        height = self.emulator.grid.height
        return height[0], height[-1]

    def density(
        self,
        seconds: float,
        latitude: FloatArray,
        longitude: FloatArray,
        height: FloatArray,
        sample: IntArray,
    ) -> FloatArray:
        late = float((self.start - self.first) / np.timedelta64(1, "s"))
        hours, last = (late + seconds) / 3600.0, self.states.shape[1] - 1
        if not 0 <= hours <= last + 1e-9:
            raise ModelError(
                f"{self.name}: no state {hours:.2f} h after {self.first}; expected 0 to {last} h, "
                "the hours of this forecast: choose another start or fewer days"
            )
        before = min(int(hours), last - 1)
        share = hours - before
        states = (1 - share) * self.states[sample, before] + share * self.states[sample, before + 1]
        midnight = self.start.astype("datetime64[D]")
        of_day = float((self.start - midnight) / np.timedelta64(1, "h")) + seconds / 3600.0
        times = local_time(np.asarray(of_day), longitude)
        found = self.emulator.log_density_of_states(states, times, latitude, height)
        return np.asarray(10.0 ** found.astype(np.float64))
