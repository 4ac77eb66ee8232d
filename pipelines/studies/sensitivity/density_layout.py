"""How numbers, one after the other, stand for the drivers and states of a density forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray
from models.diagnostics.sensitivity import Inputs
from models.emulators.driver_weather import INTERVAL_HOURS
from models.emulators.drivers import COLUMNS, Drivers
from models.emulators.emulator import DensityEmulator
from models.emulators.features import features
from models.emulators.grid import local_time
from models.errors import ConfigError
from models.rollouts import Rollouts

#: Bounds of moved drivers: F10.7 of a sun without spots and of the largest flares, Kp, ap.
_BOUNDS = {"f107": (60.0, 1500.0), "kp": (0.0, 9.0), "ap": (0.0, 400.0)}
STATE = "state before, component"
#: What a group's name ends with: inputs of hours that are forecast, and of those before.
AHEAD, BEFORE = "ahead", "before"
_HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class DensityCase:
    """A forecast from `first` on at one place.

    drivers    from `lookback` hours before `first` to the last hour of the forecast
    past       known state of the hours before, hour × component; None to start from drivers
    spread     column: one deviation of each driver in training
    leads      hours after `first` that are asked for, from 0
    latitude, longitude, height   degrees, degrees, km
    """

    emulator: DensityEmulator
    first: np.datetime64
    drivers: Drivers
    past: FloatArray | None
    spread: FloatArray
    leads: tuple[int, ...]
    latitude: float = 0.0
    longitude: float = 0.0
    height: float = 400.0

    def __post_init__(self) -> None:
        check_leads(self.emulator, self.leads)

    @property
    def hours(self) -> int:
        """Of the forecast."""
        return len(self.drivers) - self.emulator.lookback

    @property
    def names(self) -> tuple[str, ...]:
        """Of the leads: the moments."""
        return tuple(str(self.first.astype("datetime64[h]") + lead * _HOUR) for lead in self.leads)


def check_leads(emulator: DensityEmulator, leads: Sequence[int]) -> None:
    """Raises ConfigError for hours that no rollout of the emulator has."""
    longest = emulator.horizon - 1
    if not leads or min(leads) < 0 or max(leads) > longest:
        raise ConfigError(
            f"leads: expected hours from 0 to {longest}, as one rollout of the emulator has, "
            f"got {list(leads)}"
        )


@dataclass(frozen=True)
class Place:
    """What makes log10 density of states at the leads.

    weights  lead × component; offset  lead
    """

    leads: tuple[int, ...]
    weights: FloatArray
    offset: FloatArray

    @classmethod
    def of(cls, case: DensityCase) -> Place:
        count, rank = len(case.leads), case.emulator.components.rank
        hours = case.first.astype("datetime64[h]") + np.asarray(case.leads) * _HOUR
        day = (hours - hours.astype("datetime64[D]")) / _HOUR
        times = local_time(day, np.full(count, case.longitude))
        at = np.full(count, case.latitude), np.full(count, case.height)
        columns = case.emulator.table.at(times, *at).numpy().astype(np.float64)
        return cls(case.leads, columns[:, :rank], columns[:, rank])

    def log_density(self, states: FloatArray) -> FloatArray:
        """row × hour × component -> row × lead."""
        return np.asarray(
            np.einsum("rlc,lc->rl", states[:, list(self.leads)], self.weights) + self.offset
        )

    def spread_over(self, hours: int) -> FloatArray:
        """The weights at their hours: lead × hour × component, zero elsewhere."""
        out = np.zeros((len(self.leads), hours, self.weights.shape[1]))
        out[np.arange(len(self.leads)), list(self.leads)] = self.weights
        return out


@dataclass(frozen=True)
class Layout:
    """How inputs, one after the other, stand for drivers and states hour by hour.

    inputs  columns first, each by three hours; then components likewise
    block   of each hour of the drivers
    """

    case: DensityCase
    inputs: Inputs
    block: npt.NDArray[np.int64]

    @classmethod
    def of(cls, case: DensityCase) -> Layout:
        since = (case.drivers.times - case.drivers.times[0].astype("datetime64[D]")) / _HOUR
        block = (since.astype(np.int64)) // INTERVAL_HOURS
        block -= block[0]
        starts = np.flatnonzero(np.diff(block, prepend=-1))
        labels = [str(case.drivers.times[start]) for start in starts]
        parts = [_column(case, place, starts, labels) for place in range(len(COLUMNS))]
        if case.past is not None:
            early = starts[starts < case.emulator.lookback]
            rank = case.emulator.components.rank
            parts += [_component(case, place, early, labels) for place in range(rank)]
        return cls(case, _joined(parts), block)

    @property
    def blocks(self) -> int:
        return int(self.block[-1]) + 1

    def rollouts(self, rows: FloatArray) -> Rollouts:
        """One rollout per row of inputs, one after the other on the axis of hours."""
        parts = [self._hours(row) for row in rows]
        inputs, states = (np.concatenate(part) for part in zip(*parts, strict=True))
        lookback, count = self.case.emulator.lookback, len(self.block)
        known = np.full(len(rows), self.case.past is not None)
        origin = np.arange(len(rows)) * count + lookback - 1
        ahead = self.case.hours
        return Rollouts(inputs, states, origin, lookback, ahead, known, np.ones(len(rows)))

    def columns(self, row: FloatArray) -> FloatArray:
        """Drivers of a row, hour × column: the real ones, moved as their three hours are."""
        size = self.blocks * len(COLUMNS)
        moved = (row[:size] - self.inputs.value[:size]).reshape(len(COLUMNS), -1)
        return np.asarray(self.case.drivers.values + moved[:, self.block].T)

    def _hours(self, row: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Features and state of the hours of one row."""
        case, lookback = self.case, self.case.emulator.lookback
        drivers = replace(case.drivers, values=self.columns(row))
        rank = case.emulator.components.rank
        state = np.full((len(drivers), rank), np.nan, dtype=np.float32)
        if case.past is not None:
            size = self.blocks * len(COLUMNS)
            moved = (row[size:] - self.inputs.value[size:]).reshape(rank, -1)
            state[:lookback] = case.past + moved[:, self.block[:lookback]].T
        return features(drivers, case.emulator.feature_set), state


def _column(
    case: DensityCase, place: int, starts: npt.NDArray[np.int64], labels: Sequence[str]
) -> Inputs:
    """One driver, before the start and ahead; its value in three hours is that of the first."""
    name, lookback = list(COLUMNS)[place], case.emulator.lookback
    low, high = next(bounds for key, bounds in _BOUNDS.items() if name.startswith(key))
    values = case.drivers.values[starts, place]
    count = len(starts)
    return Inputs(
        tuple(f"{name} {AHEAD if start >= lookback else BEFORE}" for start in starts),
        tuple(labels),
        values,
        np.full(count, case.spread[place]),
        np.minimum(low, values),
        np.maximum(high, values),
    )


def _component(
    case: DensityCase, place: int, starts: npt.NDArray[np.int64], labels: Sequence[str]
) -> Inputs:
    """One component of the known state; its deviation is that of the training fields."""
    count, free = len(starts), np.full(len(starts), np.inf)
    past = np.asarray(case.past)[:, place]
    spread = np.full(count, np.sqrt(case.emulator.components.variance[place]))
    return Inputs(
        (f"{STATE} {place + 1}",) * count,
        tuple(labels[:count]),
        past[starts].astype(np.float64),
        spread,
        -free,
        free,
    )


def _joined(parts: Sequence[Inputs]) -> Inputs:
    return Inputs(
        tuple(name for part in parts for name in part.group),
        tuple(name for part in parts for name in part.step),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("value", "spread", "low", "high")
        ),
    )
