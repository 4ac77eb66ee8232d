"""A test truth with memory: log density that lags behind a memoryless model, and overcools.

Choose it to see whether a recurrent emulator earns its place. NRLMSIS has no memory beyond
57 hours of ap, so a map of the drivers can copy it; the thermosphere has. Two things are
added, both invented here (their sizes are those of the literature, their form is not):

- a lag: log density follows the model with a time constant of hours that grows with height
  (Prölss 2011, "Density perturbations in the upper atmosphere caused by the dissipation of
  solar wind energy", tells of such delays);
- overcooling: storms fill a reservoir, as nitric oxide is made by particle precipitation
  (Knipp et al. 2017, "Thermospheric nitric oxide response to shock-led storms"), which cools
  the thermosphere below its state before the storm for days (Lei et al. 2012, "Overcooling in
  the upper thermosphere during the recovery phase of the 2003 October storms").

What comes out is no measurement and no physics model: label it a test truth wherever it is
shown.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigError, ModelError

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class RelaxationConfig:
    """Sizes of lag and overcooling.

    low_height, high_height  km between which lag and overcooling grow; constant outside
    low_lag, high_lag        hours to follow a change by 1 - 1/e, at these heights
    threshold                ap above which the reservoir is filled
    rise                     hours in which filling follows ap
    decay                    hours in which the reservoir empties to 1/e
    scale                    content (ap) at which overcooling has reached 1 - 1/e of `depth`
    depth                    most that density is lowered at `high_height`, as a share
    """

    low_height: float = 100.0
    high_height: float = 450.0
    low_lag: float = 1.5
    high_lag: float = 10.0
    threshold: float = 60.0
    rise: float = 12.0
    decay: float = 36.0
    scale: float = 30.0
    depth: float = 0.4

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not (np.isfinite(value) and value > 0):
                raise ConfigError(f"relaxation.{item.name}: expected above 0, got {value}")
        if self.low_height >= self.high_height:
            raise ConfigError(
                f"relaxation.low_height: expected below high_height = {self.high_height:g} km, "
                f"got {self.low_height:g}"
            )
        if self.depth >= 1:
            raise ConfigError(f"relaxation.depth: expected a share below 1, got {self.depth}")

    def lag(self, height: FloatArray) -> FloatArray:
        """Hours of lag at heights in km."""
        return np.asarray(self.low_lag + (self.high_lag - self.low_lag) * self._rise_with(height))

    def deepest(self, height: FloatArray) -> FloatArray:
        """Most that density is lowered at heights in km, as a share."""
        return np.asarray(self.depth * self._rise_with(height))

    def _rise_with(self, height: FloatArray) -> FloatArray:
        """0 at low_height and below, 1 at high_height and above, linear between."""
        return np.asarray(np.interp(height, [self.low_height, self.high_height], [0.0, 1.0]))


@dataclass(frozen=True)
class Reservoir:
    """What storms have left behind: two stages, so that overcooling comes after the storm.

    filling  ap above the threshold, followed in `rise` hours
    content  of the reservoir, ap
    """

    filling: float = 0.0
    content: float = 0.0


@dataclass(frozen=True)
class Memory:
    """All that the past means for the next hour.

    field      ... × height: lagged log10 density before overcooling; None at the beginning,
               when the first field is taken as settled
    reservoir  of overcooling
    """

    field: FloatArray | None = None
    reservoir: Reservoir = Reservoir()


def fill(
    ap: FloatArray, config: RelaxationConfig, before: Reservoir
) -> tuple[FloatArray, Reservoir]:
    """Content of the reservoir in each hour of `ap`, and the reservoir after the last."""
    keep_filling, keep_content = np.exp(-1 / config.rise), np.exp(-1 / config.decay)
    filling, content = before.filling, before.content
    contents = np.empty(len(ap))
    for hour, excess in enumerate(np.maximum(ap - config.threshold, 0.0)):
        filling = keep_filling * filling + (1 - keep_filling) * float(excess)
        content = keep_content * content + (1 - keep_content) * filling
        contents[hour] = content
    return contents, replace(before, filling=filling, content=content)


def relax(
    log_density: FloatArray,
    ap: FloatArray,
    height: FloatArray,
    config: RelaxationConfig,
    before: Memory | None = None,
) -> tuple[FloatArray, Memory]:
    """Consecutive hourly fields with memory, and the memory to go on with.

    log_density  hour × ... × height, log10 of any unit: the memoryless model
    ap           hour
    height       km

    Block by block gives the same as all at once, bit for bit. Returns float64. Raises
    ModelError when the shapes do not fit.
    """
    if log_density.shape[0] != len(ap) or log_density.shape[-1] != len(height):
        raise ModelError(
            f"relax: expected {len(ap)} hours × ... × {len(height)} heights, "
            f"got {log_density.shape}"
        )
    before = before or Memory()
    keep = np.exp(-1.0 / config.lag(height))
    field = before.field
    lagged = np.empty(log_density.shape)
    for hour, target in enumerate(np.asarray(log_density, dtype=np.float64)):
        field = target if field is None else keep * field + (1 - keep) * target
        lagged[hour] = field
    contents, reservoir = fill(ap, config, before.reservoir)
    share = 1 - np.exp(-contents / config.scale)
    lowered = np.log10(1 - share[:, None] * config.deepest(height))
    between = (1,) * (log_density.ndim - 2)
    lowered = lowered.reshape(len(ap), *between, len(height))
    return np.asarray(lagged + lowered), Memory(field, reservoir)
