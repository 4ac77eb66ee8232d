"""The processes that errors of the emulator are made of, and the settings that describe them.

Four kinds: slow ones (months: the solar cycle as the flux does not tell it), fast ones
(days to weeks), one that recurs with the Sun's rotation of 27 days (a turning pair: two
amplitudes seen through a cosine and a sine), and a constant factor of each satellite
(drag coefficient and calibration, unknown to some per cent for a new one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract import FloatArray
from models.emulators.satellite_design import MODES, NOISE, mode_design, noise_design
from models.emulators.satellite_filter import Processes
from models.emulators.satellite_samples import SatelliteSamples
from models.errors import ModelError

#: Days of a rotation of the Sun as seen from the Earth.
ROTATION = 27.0
#: Name -> typical value: time constants in days, amplitudes in standard deviations of the
#: leading component (a satellite's in natural logarithm of density). Priors, not fits.
TYPICAL: dict[str, float] = {
    "slow_memory": 120.0,
    "slow_leading": 0.12,
    "slow_shape": 0.06,
    "slow_height": 0.08,
    "fast_memory": 15.0,
    "fast_leading": 0.10,
    "fast_shape": 0.06,
    "turning_memory": 60.0,
    "turning_leading": 0.08,
    "satellite": 0.12,
}
#: Prior standard deviation of the logarithm of each of them; a satellite's factor is seldom
#: learnt from enough satellites to leave what is known of drag coefficients (5 to 20 %).
PRIOR_SPREAD: dict[str, float] = dict.fromkeys(TYPICAL, 0.7) | {
    "satellite": 0.15,
    "slow_height": 0.3,
}


@dataclass(frozen=True)
class ProcessSettings:
    """Logarithms of the settings in TYPICAL's order, then weights of the noise's logarithm.

    values  setting × (len(TYPICAL) + len(NOISE)): several settings at once
    """

    values: FloatArray

    def __post_init__(self) -> None:
        want = len(TYPICAL) + len(NOISE)
        if self.values.ndim != 2 or self.values.shape[1] != want:
            raise ModelError(f"ProcessSettings: expected setting × {want}, got {self.values.shape}")

    def processes(self, satellites: int) -> Processes:
        """Variance and memory of every element, the satellites' factors last."""
        get = dict(zip(TYPICAL, np.exp(self.values.T), strict=False))
        shapes = len(MODES) - 2
        amplitude = [
            get["slow_leading"], *[get["slow_shape"]] * shapes, get["slow_height"],
            get["fast_leading"], *[get["fast_shape"]] * (shapes + 1),
            *[get["turning_leading"]] * 2, *[get["satellite"] / np.log(10.0)] * satellites,
        ]  # fmt: skip
        memory = [
            *[get["slow_memory"]] * len(MODES),
            *[get["fast_memory"]] * len(MODES),
            *[get["turning_memory"]] * 2,
            *[np.full(len(self.values), np.inf)] * satellites,
        ]
        return Processes(np.stack(amplitude, axis=1) ** 2, np.stack(memory, axis=1))

    def noise(self, samples: SatelliteSamples) -> FloatArray:
        """Variance of the noise of each row, setting × row."""
        return np.asarray(np.exp(self.values[:, len(TYPICAL) :] @ noise_design(samples).T))

    def described(self) -> dict[str, float]:
        """The first setting by name: days, standard deviations."""
        return dict(zip(TYPICAL, np.exp(self.values[0]).tolist(), strict=False))


def element_rows(samples: SatelliteSamples, satellites: Sequence[str]) -> FloatArray:
    """What each row sees of every element, row × element.

    A satellite that is not among `satellites` sees no factor: `unknown_scale` tells those.
    """
    modes = mode_design(samples)
    turn = 2.0 * np.pi * samples.days / ROTATION
    pair = modes[:, :1] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    names = np.asarray(satellites, dtype=np.str_)
    own = (samples.satellite[:, None] == names[None, :]).astype(np.float64)
    return np.concatenate([modes, modes, pair, own], axis=1)


def unknown_scale(samples: SatelliteSamples, satellites: Sequence[str]) -> FloatArray:
    """1 for rows of a satellite never seen before, 0 for others and for no satellite, row."""
    seen = np.isin(samples.satellite, [*satellites, ""])
    return np.asarray((~seen).astype(np.float64))
