"""A level that is shown at rare cues and has to be remembered exactly until the next one.

At a cue, a level from -1 to 1 is shown; at every step the target is half the level times the
sign of a noisy input, so that the output moves while the state should not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray

CHANNELS = 3
#: Share of the steps that are cues.
CUE_RATE = 0.05


@dataclass(frozen=True)
class Latched:
    """inputs row × step × (cue, level where shown, noise), target row × step, cue row × step."""

    inputs: FloatArray
    target: FloatArray
    cue: npt.NDArray[np.bool_]


def latched(random: np.random.Generator, rows: int, steps: int, rate: float = CUE_RATE) -> Latched:
    """Draw sequences; the first step is always a cue."""
    cue = random.random((rows, steps)) < rate
    cue[:, 0] = True
    shown = np.where(cue, random.uniform(-1.0, 1.0, (rows, steps)), 0.0)
    newest = np.maximum.accumulate(np.where(cue, np.arange(steps), 0), axis=1)
    level = np.take_along_axis(shown, newest, axis=1)
    noise = random.normal(size=(rows, steps))
    inputs = np.stack([cue, shown, noise], axis=2).astype(np.float32)
    return Latched(inputs, (level * np.sign(noise) / 2.0).astype(np.float32), cue)
