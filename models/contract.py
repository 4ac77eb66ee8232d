"""What every layer speaks: windows in, forecasts out.

`Windows` is a set of forecasting problems (rows), each a series at an origin.
`Batch` is a slice of it as tensors, for networks. `Forecast` is the answer.
`Forecaster` is the interface of every model, network or not, so that tuning,
back-test, batch job and service never ask which model they hold.

Axes are named in this order everywhere: row (or series × time), time, lead,
level or feature. A *lead* is one thing to forecast from an origin: a horizon,
or a (target, horizon) pair. Missing values are NaN in `target` and `history`
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch

from models.errors import ModelError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]

#: Levels of every predictive distribution: 0.025, 0.05, ... 0.975. They hold the
#: ends of the 50, 80, 90 and 95 % central intervals exactly.
LEVELS: tuple[float, ...] = tuple(k / 40 for k in range(1, 40))


@dataclass(frozen=True)
class Batch:
    """Tensors of one training or prediction step.

    past       row × time × channel, newest last, finite
    known      row × lead × feature: known at the origin, finite
    reference  row × lead: forecast that a network corrects, target units
    scale      row × lead: positive; networks work in (target - reference) / scale
    target     row × lead: NaN where there is no outcome
    series     row: index of the series (for embeddings)
    weight     row: positive; what the row's loss counts for
    """

    past: torch.Tensor
    known: torch.Tensor
    reference: torch.Tensor
    scale: torch.Tensor
    target: torch.Tensor
    series: torch.Tensor
    weight: torch.Tensor


@dataclass(frozen=True)
class Windows:
    """Forecasting problems over shared arrays; windows are views, not copies.

    channels   series × time × channel, float32, finite: what recurrent networks read
    history    series × time: the target variable up to each time, NaN where missing
    series     row: index into the series axis
    origin     row: index into the time axis; the newest time a row may read
    known      row × lead × feature, float32, finite
    target     row × lead, NaN where there is no outcome
    leads      name of each lead, e.g. "rolling_6"
    horizons   steps ahead of each lead
    lookback   length of the window that ends at the origin
    reference  row × lead, zero unless set by `with_reference`
    scale      row × lead, one unless set by `with_reference`
    weight     row: positive; what the row's loss counts for, one unless set
    """

    channels: FloatArray
    history: FloatArray
    series: IntArray
    origin: IntArray
    known: FloatArray
    target: FloatArray
    leads: tuple[str, ...]
    horizons: tuple[int, ...]
    lookback: int
    channel_names: tuple[str, ...] = ()
    known_names: tuple[str, ...] = ()
    reference: FloatArray | None = None
    scale: FloatArray | None = None
    weight: FloatArray | None = None

    def __post_init__(self) -> None:
        rows, leads = self.target.shape
        expected = {
            "series": (self.series.shape, (rows,)),
            "origin": (self.origin.shape, (rows,)),
            "known": (self.known.shape[:2], (rows, leads)),
            "history": (self.history.shape, self.channels.shape[:2]),
            "leads": ((len(self.leads),), (leads,)),
            "horizons": ((len(self.horizons),), (leads,)),
        }
        for name, (got, want) in expected.items():
            if got != want:
                raise ModelError(f"Windows.{name}: expected shape {want}, got {got}")
        if rows and int(self.origin.min()) < self.lookback - 1:
            raise ModelError(
                f"Windows.origin: smallest is {int(self.origin.min())}, but look-back "
                f"{self.lookback} needs at least {self.lookback - 1}; pad the time axis"
            )

    def __len__(self) -> int:
        return int(self.target.shape[0])

    def select(self, rows: npt.NDArray[Any]) -> Windows:
        """Return the rows picked by a boolean mask or an index array."""
        return replace(
            self,
            series=self.series[rows],
            origin=self.origin[rows],
            known=self.known[rows],
            target=self.target[rows],
            reference=None if self.reference is None else self.reference[rows],
            scale=None if self.scale is None else self.scale[rows],
            weight=None if self.weight is None else self.weight[rows],
        )

    def with_reference(self, reference: FloatArray, scale: FloatArray) -> Windows:
        """Return the same rows, to be modelled as (target - reference) / scale."""
        return replace(self, reference=reference, scale=scale)

    def known_column(self, name: str) -> FloatArray:
        """Return the known feature `name`, row × lead."""
        if name not in self.known_names:
            raise ModelError(f"no known feature {name!r}; there are {', '.join(self.known_names)}")
        return self.known[:, :, self.known_names.index(name)]

    def past_view(self) -> FloatArray:
        """Return every window as a view: series × start × channel × time, nothing copied."""
        return np.lib.stride_tricks.sliding_window_view(self.channels, self.lookback, axis=1)

    def past(self, rows: npt.NDArray[Any] | slice = slice(None)) -> FloatArray:
        """Gather the windows of some rows: row × time × channel (this copies)."""
        starts = self.origin[rows] - (self.lookback - 1)
        return self.past_view()[self.series[rows], starts].swapaxes(1, 2)


@dataclass(frozen=True)
class Forecast:
    """A predictive distribution per row and lead, in target units.

    mean       row × lead
    quantiles  row × lead × level, non-decreasing along level
    levels     probability of each quantile
    """

    mean: FloatArray
    quantiles: FloatArray
    levels: tuple[float, ...] = LEVELS

    def __post_init__(self) -> None:
        want = (*self.mean.shape, len(self.levels))
        if self.quantiles.shape != want:
            raise ModelError(f"Forecast.quantiles: expected {want}, got {self.quantiles.shape}")

    def quantile(self, level: float) -> FloatArray:
        """Return one quantile, row × lead, interpolated linearly between levels."""
        grid = np.asarray(self.levels)
        if not grid[0] - 1e-9 <= level <= grid[-1] + 1e-9:
            raise ModelError(f"level {level} lies outside {grid[0]} .. {grid[-1]}")
        upper = int(np.clip(np.searchsorted(grid, level), 1, len(grid) - 1))
        weight = (level - grid[upper - 1]) / (grid[upper] - grid[upper - 1])
        lower = self.quantiles[..., upper - 1]
        return np.asarray(lower + weight * (self.quantiles[..., upper] - lower))

    def interval(self, coverage: float) -> tuple[FloatArray, FloatArray]:
        """Return the central interval that holds `coverage` of the probability."""
        tail = (1.0 - coverage) / 2.0
        return self.quantile(tail), self.quantile(1.0 - tail)

    @property
    def median(self) -> FloatArray:
        return self.quantile(0.5)


@dataclass(frozen=True)
class State:
    """A fitted model as data: JSON-able `config`, named `arrays`. No code, no pickle."""

    kind: str
    config: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    parts: Mapping[str, State] = field(default_factory=dict)


@runtime_checkable
class Forecaster(Protocol):
    """The interface of every model. `fit` must not read rows of `valid` to fit
    parameters; it may stop, weight or calibrate on them."""

    def fit(self, train: Windows, valid: Windows) -> Self: ...

    def predict(self, windows: Windows) -> Forecast: ...

    def state(self) -> State: ...

    @classmethod
    def from_state(cls, state: State) -> Self: ...


#: Makes the model that a state holds; models with parts are given one.
Restore = Callable[[State], Forecaster]
