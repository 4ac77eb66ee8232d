"""What the propagator asks of the atmosphere, and several models as one.

`DensityModel` is the interface: a name, how many samples, and density at points. A model
with samples (an emulator) gives each trajectory its own density; one without has one sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from models.contract import FloatArray, IntArray
from models.errors import ModelError


@runtime_checkable
class DensityModel(Protocol):
    """Density around one satellite, from a start that the model knows.

    name     for files, such as "msis-2.1"
    label    for people, such as "NRLMSIS 2.1"
    samples  trajectories that it is asked for, 1 or more
    heights  lowest and highest height that it answers for, km
    """

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def samples(self) -> int: ...

    @property
    def heights(self) -> tuple[float, float]: ...

    def density(
        self,
        seconds: float,
        latitude: FloatArray,
        longitude: FloatArray,
        height: FloatArray,
        sample: IntArray,
    ) -> FloatArray:
        """Density in kg/m3 at points: degrees, km, `seconds` after the start, by sample."""
        ...


@dataclass(frozen=True)
class Exponential:
    """An atmosphere that falls off with height and knows no time: for tests and first guesses.

    base         kg/m3 at `reference` km; the default is about 400 km at moderate activity
    scale        km in which density falls to 1/e
    """

    base: float = 4e-12
    reference: float = 400.0
    scale: float = 60.0
    name: str = "exponential"
    label: str = "exponential atmosphere"
    samples: int = 1
    heights: tuple[float, float] = (80.0, 2000.0)

    def density(
        self,
        seconds: float,  # noqa: ARG002
        latitude: FloatArray,  # noqa: ARG002
        longitude: FloatArray,  # noqa: ARG002
        height: FloatArray,
        sample: IntArray,  # noqa: ARG002
    ) -> FloatArray:
        return np.asarray(self.base * np.exp((self.reference - height) / self.scale))


@dataclass(frozen=True)
class Scaled:
    """A density model times a number: what a biased model does to an orbit."""

    model: DensityModel
    factor: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.factor) and self.factor > 0):
            raise ModelError(f"factor of {self.model.name}: expected above 0, got {self.factor}")

    @property
    def name(self) -> str:
        return f"{self.model.name}*{self.factor:g}"

    @property
    def label(self) -> str:
        return f"{self.model.label} × {self.factor:g}"

    @property
    def samples(self) -> int:
        return self.model.samples

    @property
    def heights(self) -> tuple[float, float]:
        return self.model.heights

    def density(
        self,
        seconds: float,
        latitude: FloatArray,
        longitude: FloatArray,
        height: FloatArray,
        sample: IntArray,
    ) -> FloatArray:
        found = self.model.density(seconds, latitude, longitude, height, sample)
        return np.asarray(self.factor * found)


@dataclass(frozen=True)
class Together:
    """Several models side by side, one after the other along the batch.

    Called by the propagator. Raises ModelError when a satellite leaves a model's heights, or
    a model gives something that is no density.
    """

    models: Sequence[DensityModel]
    _parts: tuple[tuple[DensityModel, slice, IntArray], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts, start = [], 0
        for model in self.models:
            part = slice(start, start + model.samples)
            parts.append((model, part, np.arange(model.samples)))
            start = part.stop
        object.__setattr__(self, "_parts", tuple(parts))

    def __len__(self) -> int:
        return sum(model.samples for model in self.models)

    @property
    def parts(self) -> tuple[slice, ...]:
        """Where each model's samples lie in the batch."""
        return tuple(part for _, part, _ in self._parts)

    def __call__(
        self, seconds: float, latitude: FloatArray, longitude: FloatArray, height: FloatArray
    ) -> FloatArray:
        found = np.empty(height.shape)
        for model, part, sample in self._parts:
            _check_heights(model, seconds, height[part])
            found[part] = model.density(
                seconds, latitude[part], longitude[part], height[part], sample
            )
        if not 0.0 <= found.min() <= found.max() < np.inf:
            self._refuse(found, seconds)
        return found

    def _refuse(self, found: FloatArray, seconds: float) -> None:
        for model, part, _ in self._parts:
            wrong = ~((found[part] >= 0) & np.isfinite(found[part]))
            if wrong.any():
                raise ModelError(
                    f"{model.name}: density of sample {int(np.argmax(wrong))} is "
                    f"{found[part][np.argmax(wrong)]} kg/m3, {seconds / 3600:.2f} h after the "
                    "start; expected 0 or more"
                )


def _check_heights(model: DensityModel, seconds: float, height: FloatArray) -> None:
    low, high = model.heights
    # Written so that a height that is not a number is refused too.
    if low <= height.min() and height.max() <= high:
        return
    wrong = int(np.argmin((height >= low) & (height <= high)))
    how = "came down to" if height[wrong] < low else "is at"
    what = "; it re-enters" if height[wrong] < low and low < 150.0 else ""
    raise ModelError(
        f"{model.name}: the satellite (sample {wrong}) {how} {height[wrong]:.1f} km, "
        f"{seconds / 3600:.2f} h after the start{what}; expected {low:g} to {high:g} km, the "
        "heights of this density model; take fewer hours, another state or another model"
    )
