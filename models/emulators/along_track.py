"""An emulator's paths as densities along orbits: what an orbit propagator asks.

It has the interface of models.orbit.density.DensityModel. Every sample is one path of the
reduced state, so that an error which lasts pulls a satellite the same way for as long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from models.contract import FloatArray, IntArray
from models.emulators.emulator import DensityEmulator
from models.emulators.grid import local_time
from models.emulators.state_path import StatePath
from models.errors import ModelError


@dataclass(frozen=True)
class PathDensity:
    """Density around a satellite under sampled paths of the reduced state.

    states  sample × hour × component; hour 0 is the start of the seconds
    start   UTC

    What the components leave out is not sampled: along an orbit it averages out.
    """

    name: str
    label: str
    emulator: DensityEmulator
    states: FloatArray
    start: np.datetime64

    @classmethod
    def sampled(
        cls, name: str, emulator: DensityEmulator, path: StatePath, samples: int, seed: int
    ) -> PathDensity:
        """Paths drawn from a distribution of paths."""
        states = path.sample(samples, seed)
        return cls(name, f"emulator of {emulator.label}", emulator, states, path.start)

    @classmethod
    def median(
        cls, name: str, label: str, emulator: DensityEmulator, path: StatePath
    ) -> PathDensity:
        """The mean of the paths alone, which gives the median of density."""
        return cls(name, label, emulator, path.mean[None], path.start)

    @property
    def samples(self) -> int:
        return len(self.states)

    @property
    def heights(self) -> tuple[float, float]:
        return float(self.emulator.grid.height[0]), float(self.emulator.grid.height[-1])

    def density(
        self,
        seconds: float,
        latitude: FloatArray,
        longitude: FloatArray,
        height: FloatArray,
        sample: IntArray,
    ) -> FloatArray:
        """Density in kg/m3 at points, each under the path of its sample.

        Raises ModelError outside the hours of the paths or the heights of the emulator.
        """
        last = self.states.shape[1] - 1
        hours = seconds / 3600.0
        if not 0 <= hours <= last:
            raise ModelError(
                f"{self.name}: {hours:.2f} hours after {self.start}: expected 0 to {last}, the "
                "hours that were forecast"
            )
        hour = min(int(hours), max(last - 1, 0))
        share = hours - hour
        now, later = self.states[sample, hour], self.states[sample, min(hour + 1, last)]
        moment = self.start.astype("datetime64[s]")
        midnight = moment.astype("datetime64[D]")
        clock = (moment - midnight) / np.timedelta64(1, "h") + hours
        local = local_time(np.asarray(clock), longitude)
        columns = self.emulator.table.at(local, latitude, height)
        rank = self.states.shape[2]
        state = torch.from_numpy(now * (1 - share) + later * share).float()
        log_density = (columns[:, :rank] * state).sum(dim=1) + columns[:, rank]
        return np.asarray(10.0 ** log_density.double().numpy())
