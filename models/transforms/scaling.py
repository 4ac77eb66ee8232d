"""Standardisation of what networks read, fitted on the training rows.

A column that does not vary in training is set to zero: it says nothing, and dividing
by its spread would blow up the first value that differs. Values far outside the
training range are held at LIMIT deviations, so that one bad input cannot carry a
forecast away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray, Windows
from models.errors import ModelError

#: Largest standardised value.
LIMIT = 10.0
#: A spread below this share of the mean's size is rounding noise.
RELATIVE_NOISE = 1e-6


@dataclass(frozen=True)
class Standardiser:
    """Subtracts `mean` and multiplies by `factor` (zero for a constant column).

    Both have the shape of what one sample holds: channel, or lead × feature.
    """

    mean: FloatArray
    factor: FloatArray

    @classmethod
    def fit(cls, samples: FloatArray) -> Self:
        """Fit on sample × ...; without samples nothing is changed."""
        if not len(samples):
            return cls.off(samples.shape[1:])
        mean = samples.mean(axis=0, dtype=np.float64)
        spread = samples.std(axis=0, dtype=np.float64)
        moving = spread > RELATIVE_NOISE * np.maximum(np.abs(mean), RELATIVE_NOISE)
        factor = np.where(moving, 1.0 / np.where(moving, spread, 1.0), 0.0)
        return cls(mean.astype(np.float32), factor.astype(np.float32))

    @classmethod
    def off(cls, shape: tuple[int, ...]) -> Self:
        """The standardiser that changes nothing within LIMIT."""
        return cls(np.zeros(shape, np.float32), np.ones(shape, np.float32))

    def transform(self, values: FloatArray) -> npt.NDArray[np.float32]:
        """Standardise ... × (shape of one sample), as a new float32 array."""
        mean, factor = self.mean, self.factor
        plain = values.astype(np.float32, copy=False)
        if values.ndim == mean.ndim + 2:
            # Long rows are three times as fast as one short row per time.
            plain = plain.reshape(len(values), values.shape[1] * mean.size)
            mean, factor = (np.tile(part.ravel(), values.shape[1]) for part in (mean, factor))
        out = np.subtract(plain, mean, dtype=np.float32)
        out *= factor
        np.maximum(out, -LIMIT, out=out)
        np.minimum(out, LIMIT, out=out)
        return np.asarray(out.reshape(values.shape), dtype=np.float32)


@dataclass(frozen=True)
class WindowScaling:
    """The standardisers of both inputs of a network.

    channels  per channel
    known     per lead × feature
    """

    channels: Standardiser
    known: Standardiser

    @classmethod
    def fit(cls, windows: Windows, active: bool = True) -> Self:
        """Fit on the cells that the windows read; `active=False` switches scaling off.

        Raises ModelError for a value that is not finite.
        """
        cells = check_inputs(windows)
        if not active:
            shapes = windows.channels.shape[2:], windows.known.shape[1:]
            return cls(Standardiser.off(shapes[0]), Standardiser.off(shapes[1]))
        return cls(Standardiser.fit(windows.channels[cells]), Standardiser.fit(windows.known))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The statistics by name, as they are stored with a model."""
        return {
            f"{part}.{name}": getattr(getattr(self, part), name)
            for part in ("channels", "known")
            for name in ("mean", "factor")
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Inverse of `arrays`."""
        parts = [
            Standardiser(arrays[f"{part}.mean"], arrays[f"{part}.factor"])
            for part in ("channels", "known")
        ]
        return cls(*parts)


def cells_read(windows: Windows) -> npt.NDArray[np.bool_]:
    """Which cells, series × time, lie in one of the windows."""
    series, times = windows.channels.shape[:2]
    edges = np.zeros((series, times + 1), dtype=np.int64)
    np.add.at(edges, (windows.series, windows.origin - windows.lookback + 1), 1)
    np.add.at(edges, (windows.series, windows.origin + 1), -1)
    return np.asarray(edges.cumsum(axis=1)[:, :-1] > 0)


def check_inputs(windows: Windows) -> npt.NDArray[np.bool_]:
    """Return `cells_read`; ModelError when one of them, or a known feature, is not finite."""
    cells = cells_read(windows)
    bad = ~np.isfinite(windows.channels).all(axis=-1) & cells
    if bad.any():
        series, time = (int(i) for i in np.argwhere(bad)[0])
        channel = int(np.argmin(np.isfinite(windows.channels[series, time])))
        raise _not_finite(
            "channels",
            f"series {series}, time {time}, channel {_name(windows.channel_names, channel)}",
            windows.channels[series, time, channel],
        )
    check_known(windows)
    return cells


def check_known(windows: Windows) -> None:
    """Raise ModelError when a known feature is not finite."""
    if not np.isfinite(windows.known).all():
        row, lead, feature = (int(i) for i in np.argwhere(~np.isfinite(windows.known))[0])
        raise _not_finite(
            "known",
            f"row {row}, lead {windows.leads[lead]}, feature {_name(windows.known_names, feature)}",
            windows.known[row, lead, feature],
        )


def _not_finite(field: str, where: str, value: Any) -> ModelError:
    return ModelError(
        f"Windows.{field}: expected finite inputs, got {value} at {where}; fill missing "
        "values before"
    )


def _name(names: tuple[str, ...], index: int) -> str:
    return repr(names[index]) if index < len(names) else str(index)
