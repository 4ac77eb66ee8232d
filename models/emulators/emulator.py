"""The density emulator: drivers in, the distribution of density at any point out.

    drivers -> rollout ensemble -> reduced state, hour by hour -> components at a point

log10 density is linear in the reduced state, so its mean and variance at a point are exact;
the variance that the components leave out is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch

from models.contract import FloatArray
from models.emulators.activity_width import ActivityWidth
from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.features import features
from models.emulators.grid import Grid, local_time
from models.emulators.interpolation import FieldTable
from models.emulators.log_density import LogDensity, Shape
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.emulators.state_path import StatePath
from models.errors import ModelError
from models.rollouts import RolloutForecast, RolloutForecaster, Rollouts
from models.transforms.principal_components import PrincipalComponents

#: Points per step of a query: what it needs stays in the processor's cache.
CHUNK = 50_000
#: Hours per block of fields.
FIELD_HOURS = 730
#: Drivers may lie so far outside the training range, as a share of it, before it is said.
MARGIN = 0.02


@dataclass(frozen=True)
class Points:
    """Where and when density is asked for.

    time       point: datetime64, UTC
    latitude   point: geodetic degrees north
    longitude  point: degrees east, any number (periodic)
    height     point: km above the ellipsoid
    """

    time: npt.NDArray[np.datetime64]
    latitude: FloatArray
    longitude: FloatArray
    height: FloatArray

    def __post_init__(self) -> None:
        if len({len(part) for part in (self.time, self.latitude, self.longitude, self.height)}) > 1:
            raise ModelError(
                f"points: {len(self.time)} times, {len(self.latitude)} latitudes, "
                f"{len(self.longitude)} longitudes and {len(self.height)} heights; expected as "
                "many of each"
            )

    def __len__(self) -> int:
        return len(self.time)

    @property
    def local_time(self) -> FloatArray:
        """Local solar time, hours."""
        day = self.time.astype("datetime64[D]")
        hours = (self.time - day) / np.timedelta64(1, "h")
        return local_time(hours, self.longitude)


@dataclass(frozen=True)
class DensityEmulator:
    """A fitted emulator.

    grid        of the fields that it was trained on
    components  fields <-> reduced state
    ensemble    drivers -> reduced state
    feature_set what the ensemble reads of the drivers
    lookback    hours of drivers that it reads before the first hour
    horizon     hours of one rollout
    limits      column × (lowest, highest): range of the drivers in training
    shape       of standardised errors
    label       what made the training fields, e.g. "NRLMSIS 2.1"
    left_out    drivers -> log of what the components leave out, relative to its mean; without
                one it is the same at all hours
    width       factor of the variance of all of it by geomagnetic activity
    """

    grid: Grid
    components: PrincipalComponents
    ensemble: RolloutEnsemble
    feature_set: str
    lookback: int
    horizon: int
    limits: FloatArray
    shape: Shape
    label: str
    left_out: RolloutForecaster | None = None
    width: ActivityWidth = field(default_factory=ActivityWidth)

    def __post_init__(self) -> None:
        columns = np.column_stack(
            [self.components.basis, self.components.mean, np.sqrt(self.components.residual)]
        )
        object.__setattr__(self, "_table", FieldTable.refine(self.grid, columns))

    @property
    def table(self) -> FieldTable:
        """Refined basis, mean, and spread of what the components leave out."""
        table: FieldTable = self.__dict__["_table"]
        return table

    def path(
        self,
        drivers: Drivers,
        first: np.datetime64,
        last: np.datetime64,
        past: FloatArray | None = None,
    ) -> StatePath:
        """The reduced state from hour `first` to hour `last`, both included.

        drivers  at least from `lookback` hours before `first` to `last`
        past     known state of the `lookback` hours before `first`, hour × component

        Without `past` every rollout starts from drivers alone. Raises ModelError when the
        drivers do not cover these hours.
        """
        rollouts, kept = self._rollouts(drivers, first, last, past)
        forecast = self.ensemble.predict(rollouts)
        rank = self.components.rank
        width = self.width.factor(drivers.between(first, last))
        return StatePath(
            first.astype("datetime64[h]"),
            forecast.mean.reshape(-1, rank)[kept],
            forecast.covariance.reshape(-1, rank, rank)[kept] * width[:, None, None],
            self.ensemble.errors(past is not None),
            self.left_out_factor(rollouts).ravel()[kept] * width,
        )

    def predict(self, rollouts: Rollouts, drivers: Drivers) -> tuple[RolloutForecast, FloatArray]:
        """The state of many rollouts and what the components leave out, row × hour.

        drivers  of the hours that the rollouts are over
        """
        forecast = self.ensemble.predict(rollouts)
        width = self.width.factor(drivers)[rollouts.hours_ahead]
        covariance = forecast.covariance * width[..., None, None]
        left_out = self.left_out_factor(rollouts) * width
        return RolloutForecast(forecast.mean, covariance), left_out

    def left_out_factor(self, rollouts: Rollouts) -> FloatArray:
        """Variance of what the components leave out, relative to its mean, row × hour."""
        if self.left_out is None:
            return np.ones((len(rollouts), rollouts.horizon))
        state = np.zeros((len(rollouts.inputs), 1), dtype=np.float32)
        rows = replace(rollouts, state=state).with_known(False)
        return log_normal_mean(self.left_out.predict(rows))

    def mean_path(self, drivers: Drivers, first: np.datetime64, last: np.datetime64) -> FloatArray:
        """The mean of `path` alone, hour × component: much faster over long spans."""
        rollouts, kept = self._rollouts(drivers, first, last, None)
        return np.asarray(self.ensemble.mean(rollouts).reshape(-1, self.components.rank)[kept])

    def fields(
        self, drivers: Drivers, first: np.datetime64, last: np.datetime64
    ) -> Iterator[npt.NDArray[np.float32]]:
        """Median density on the grid, kg/m3, in blocks hour × local time × latitude × height.

        Every block is the same memory: copy what shall outlive the next one.
        """
        state = torch.from_numpy(self.mean_path(drivers, first, last)).float()
        ln10 = float(np.log(10.0))
        basis = torch.from_numpy(self.components.basis).T * ln10
        mean = torch.from_numpy(self.components.mean) * ln10
        out = torch.empty(min(FIELD_HOURS, len(state)), self.grid.cells)
        for start in range(0, len(state), FIELD_HOURS):
            block = state[start : start + FIELD_HOURS]
            filled = torch.addmm(mean, block, basis, out=out[: len(block)]).exp_()
            yield filled.numpy().reshape(-1, *self.grid.shape)

    def density(self, path: StatePath, points: Points) -> LogDensity:
        """The distribution of density at points, independently at each.

        Raises ModelError for a point outside the path's hours, the heights of the grid or
        -90 to 90 degrees of latitude.
        """
        hours = path.hours_since_start(points.time)
        order = np.argsort(hours, kind="stable")
        ordered = bool(np.all(order[1:] > order[:-1]))
        mean, variance = np.empty(len(points)), np.empty(len(points))
        times = points.local_time
        for start in range(0, len(points), CHUNK):
            rows: npt.NDArray[np.int64] | slice = order[start : start + CHUNK]
            if ordered:
                rows = slice(start, start + CHUNK)
            columns = self.table.at(times[rows], points.latitude[rows], points.height[rows])
            mean[rows], variance[rows] = _moments(path, hours[rows], columns)
        return LogDensity(mean, np.sqrt(variance), self.shape)

    def log_density_of_states(
        self, states: FloatArray, local_times: FloatArray, latitude: FloatArray, height: FloatArray
    ) -> FloatArray:
        """log10 density at one point per state: state × component and point -> point."""
        rank = self.components.rank
        columns = self.table.at(local_times, latitude, height).numpy()
        return np.asarray((columns[:, :rank] * states).sum(axis=1) + columns[:, rank])

    def outside(self, drivers: Drivers) -> tuple[str, ...]:
        """Columns of the drivers that leave the training range, each in a sentence."""
        told = []
        for index in np.flatnonzero(self.outside_hours(drivers).any(axis=0)):
            low, high = self.limits[index]
            column = drivers.values[:, index]
            worst = column.max() if column.max() > self._bounds[1, index] else column.min()
            told.append(
                f"{list(COLUMNS)[index]} reaches {worst:g}, outside the {low:g} to "
                f"{high:g} of the training: the density is extrapolated"
            )
        return tuple(told)

    def outside_hours(self, drivers: Drivers) -> npt.NDArray[np.bool_]:
        """Where the drivers leave the training range, hour × column of COLUMNS."""
        low, high = self._bounds
        return np.asarray(~((drivers.values >= low) & (drivers.values <= high)))

    @property
    def _bounds(self) -> FloatArray:
        """Lowest and highest value of each column that is not worth a warning."""
        span = self.limits[:, 1] - self.limits[:, 0]
        return np.stack([self.limits[:, 0] - MARGIN * span, self.limits[:, 1] + MARGIN * span])

    def calibrated(self, width: ActivityWidth, shape: Shape) -> DensityEmulator:
        """The same emulator with another width and shape of errors."""
        return replace(self, width=width, shape=shape)

    def _rollouts(
        self,
        drivers: Drivers,
        first: np.datetime64,
        last: np.datetime64,
        past: FloatArray | None,
    ) -> tuple[Rollouts, npt.NDArray[np.int64]]:
        """Consecutive rollouts over the hours asked for, and which of their hours to keep."""
        begin = first.astype("datetime64[h]")
        read = drivers.between(begin - np.timedelta64(self.lookback, "h"), last)
        count = len(read) - self.lookback
        horizon = min(self.horizon, count)
        starts = np.arange(0, count, horizon)
        # The last rollout begins earlier, so that it ends with the last hour.
        shifted = np.minimum(starts, count - horizon)
        hours = shifted[:, None] + np.arange(horizon)
        kept = np.flatnonzero(hours.ravel() >= np.repeat(starts, horizon))
        state = np.full((len(read), self.components.rank), np.nan, dtype=np.float32)
        known = np.zeros(len(starts), dtype=bool)
        if past is not None:
            if past.shape != (self.lookback, self.components.rank):
                raise ModelError(
                    f"known state: expected {self.lookback} hours × {self.components.rank} "
                    f"components, got {past.shape}"
                )
            state[: self.lookback] = past
            known[0] = True
        rollouts = Rollouts(
            features(read, self.feature_set),
            state,
            self.lookback - 1 + shifted,
            self.lookback,
            horizon,
            known,
            np.ones(len(starts)),
        )
        return rollouts, kept


def log_normal_mean(forecast: RolloutForecast) -> FloatArray:
    """Expected value where the first component of the state is its logarithm, row × hour."""
    return np.asarray(np.exp(forecast.mean[..., 0] + forecast.covariance[..., 0, 0] / 2))


def _moments(
    path: StatePath, hours: FloatArray, columns: torch.Tensor
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of log10 density, from hours in rising order."""
    rank = path.mean.shape[1]
    basis, mean, left = columns[:, :rank], columns[:, rank], columns[:, rank + 1]
    hour = np.clip(np.floor(hours), 0, max(len(path) - 2, 0)).astype(np.int64)
    share = torch.from_numpy((hours - hour).astype(np.float32))
    after = np.minimum(hour + 1, len(path) - 1)
    states, left_out = path.tensors
    # One fused gather and sum: twenty times as fast as indexing twice.
    state = torch.nn.functional.embedding_bag(
        torch.from_numpy(np.stack([hour, after], axis=1)),
        states,
        per_sample_weights=torch.stack([1 - share, share], dim=1),
        mode="sum",
    )
    both = torch.empty(len(basis), 2)
    groups, first = np.unique(hour, return_index=True)
    for group, start, end in zip(groups, first, [*first[1:], len(hour)], strict=True):
        # The factors of this hour and the next side by side: one product for both.
        product = basis[start:end] @ path.factor_pairs[int(group)]
        torch.sum(product.square_().view(-1, 2, rank), dim=2, out=both[start:end])
    variance = torch.lerp(both[:, 0], both[:, 1], share)
    unseen = left**2 * torch.lerp(left_out[hour], left_out[after], share)
    log_density = (basis * state).sum(dim=1) + mean
    return log_density.numpy(), (variance + unseen).numpy()
