"""A loaded density emulator that answers checked inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.emulators.driver_weather import SpaceWeather
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.emulators.log_density import LogDensity
from models.errors import DataError, ModelError
from pipelines.registry import THERMOSPHERE_DENSITY
from pipelines.thermosphere_density.paths import BlockPaths, Group, ceiled, pooled
from pipelines.thermosphere_density.stored_corrections import StoredCorrection
from pipelines.thermosphere_density.weather import known_hours, mean_is_partial, observed
from service.epochs import epoch_text
from service.errors import Detail, ServiceError
from service.thermosphere_answers import (
    DensityDescription,
    DensitySummary,
    DriversKind,
    DriversUsed,
)
from service.thermosphere_forecast_inputs import ForecastQuery
from service.thermosphere_inputs import PointQuery
from service.thermosphere_weather import (
    Ahead,
    caller_drivers,
    futures,
    published,
    refuse_epochs,
    used,
)

_PARTIAL_MEAN = (
    "the 81 days around the newest epochs are not all known: f107_mean is of those that are"
)


@dataclass(frozen=True)
class Found:
    """Density at points, and what was behind it."""

    density: LogDensity
    drivers: DriversUsed
    warnings: tuple[str, ...]


@dataclass
class DensityPredictor:
    """An emulator, its version, what was stored beside it, and where space weather comes from.

    corrections  what is stored beside it, by the word that asks for it
    """

    emulator: DensityEmulator
    version: str
    metadata: Mapping[str, Any]
    weather: Callable[[], SpaceWeather]
    corrections: Mapping[str, StoredCorrection] = field(default_factory=dict)
    name: str = THERMOSPHERE_DENSITY
    _blocks: tuple[SpaceWeather, BlockPaths] | None = field(default=None, repr=False)

    def density(self, query: PointQuery) -> Found:
        """Density at points. Raises ServiceError (422) or ModelError."""
        self._refuse_correction(query.correction, query.points.time.min())
        weather = self.weather()
        kind: DriversKind
        if query.drivers is not None:
            groups = [self._by_rows(query, query.drivers, weather)]
            kind = "caller"
        else:
            refuse_epochs(query, known_hours(weather, self.emulator), weather)
            groups, kind = list(self._observed(weather).groups(query.points)), "observed"
        drivers = [group.drivers for group in groups]
        warnings = self.outside([_asked(group, query.points) for group in groups])
        if kind == "observed" and mean_is_partial(weather, query.points.time.max()):
            warnings.append(_PARTIAL_MEAN)
        return Found(
            self._evaluated(groups, query.points, query.correction),
            used(kind, weather, drivers),
            tuple(warnings),
        )

    def forecast(self, query: ForecastQuery) -> Found:
        """Density after `start`, pooled over futures. Raises ServiceError (422) or ModelError."""
        self._refuse_correction(query.correction, query.start)
        drivers, said = self.ahead(query)
        path = pooled([self.emulator.path(d, query.start, query.last) for d in drivers])
        ahead = [each.between(query.start, query.last) for each in drivers]
        warnings = self.outside(ahead)
        if query.hours > self.emulator.horizon:
            warnings.append(
                f"{query.hours} hours ahead: the emulator was trained on rollouts of "
                f"{self.emulator.horizon} hours"
            )
        group = Group(np.arange(len(query.points)), path, drivers[0])
        density = self._evaluated([group], query.points, query.correction)
        return Found(density, said, tuple(warnings))

    def ahead(self, query: Ahead) -> tuple[list[Drivers], DriversUsed]:
        """Drivers of every future, by nothing that was published after the start.

        With futures "observed" there is one, as it came. Raises ServiceError (422).
        """
        try:
            if query.drivers is None and query.futures == "observed":
                return self._as_it_came(query)
            known = published(self.weather(), query.start)
            if query.drivers is not None:
                own = self._of_caller(query.drivers, known, query.start, query.last)
                return [own], used("caller", known, [own])
            drivers = futures(known, query, self.emulator.lookback)
        except DataError as error:
            raise ServiceError(422, str(error), [Detail("start", str(error))]) from error
        how = {"futures": query.futures, "samples": query.samples}
        return drivers, used("forecast", known, drivers).model_copy(update=how)

    def outside(self, drivers: Sequence[Drivers]) -> list[str]:
        """Drivers outside the training, each column once."""
        told: dict[str, str] = {}
        for each in drivers:
            for sentence in self.emulator.outside(each):
                told.setdefault(sentence.split()[0], sentence)
        return list(told.values())

    def summary(self) -> DensitySummary:
        """Who answers."""
        data = self.metadata.get("data", {})
        return DensitySummary(
            name=self.name,
            version=self.version,
            label=self.emulator.label,
            trained_from=str(data.get("first", "unknown")),
            trained_until=str(data.get("last", "unknown")),
        )

    def describe(self) -> DensityDescription:
        """Who answers, where, and what it was trained on."""
        emulator = self.emulator
        first, last = known_hours(self.weather(), emulator)
        return DensityDescription(
            **self.summary().model_dump(),
            heights=[float(emulator.grid.height[0]), float(emulator.grid.height[-1])],
            grid=list(emulator.grid.shape),
            components=emulator.components.rank,
            horizon=emulator.horizon,
            feature_set=emulator.feature_set,
            drivers_from=epoch_text(first),
            drivers_until=epoch_text(last),
            corrections=["none", *self.corrections],
            created=self.metadata.get("created"),
            data=dict(self.metadata.get("data", {})),
            metrics=dict(self.metadata.get("metrics", {})),
        )

    def _observed(self, weather: SpaceWeather) -> BlockPaths:
        """Blocks of this table; a new table means new blocks."""
        if self._blocks is None or self._blocks[0] is not weather:

            def read(first: np.datetime64, last: np.datetime64) -> Drivers:
                return observed(weather, first, last)

            _, newest = known_hours(weather, self.emulator)
            self._blocks = (weather, BlockPaths(self.emulator, read, newest))
        return self._blocks[1]

    def _by_rows(
        self, query: PointQuery, rows: Sequence[Mapping[str, Any]], weather: SpaceWeather
    ) -> Group:
        first = query.points.time.min().astype("datetime64[h]")
        last = ceiled(query.points.time).max().astype("datetime64[h]")
        drivers = self._of_caller(rows, weather, first, np.datetime64(last))
        path = self.emulator.path(drivers, first, last)
        return Group(np.arange(len(query.points)), path, drivers)

    def _of_caller(
        self,
        rows: Sequence[Mapping[str, Any]],
        before: SpaceWeather,
        first: np.datetime64,
        last: np.datetime64,
    ) -> Drivers:
        try:
            return caller_drivers(rows, before, first - self.emulator.lookback, last)
        except DataError as error:
            raise ServiceError(422, str(error), [Detail("drivers", str(error))]) from error

    def _as_it_came(self, query: Ahead) -> tuple[list[Drivers], DriversUsed]:
        weather = self.weather()
        drivers = observed(weather, query.start - self.emulator.lookback, query.last)
        return [drivers], used("observed", weather, [drivers])

    def _evaluated(self, groups: Sequence[Group], points: Points, correction: str) -> LogDensity:
        mean, std = np.empty(len(points)), np.empty(len(points))
        shape = self.emulator.shape
        for group in groups:
            chosen = points if len(groups) == 1 else _picked(points, group.rows)
            found = self.emulator.density(group.path, chosen)
            if correction in self.corrections:
                apply = self.corrections[correction].apply
                found = apply(self.emulator, group.drivers, chosen, found)
            mean[group.rows], std[group.rows], shape = found.mean, found.std, found.shape
        if not (np.isfinite(mean).all() and np.isfinite(std).all()):
            raise ModelError("the model gave a density that is not finite; report the request")
        return LogDensity(mean, std, shape)

    def _refuse_correction(self, wanted: str, first: np.datetime64) -> None:
        """Raise ServiceError unless it is stored, and reads nothing later than `first`."""
        if wanted == "none":
            return
        stored, message = self.corrections.get(wanted), ""
        if stored is None:
            words = ", ".join(f'"{word}"' for word in ("none", *self.corrections))
            message = f"no correction {wanted!r} is stored beside this model; ask for {words}"
        elif stored.since is not None and first < stored.since:
            message = (
                f"the correction {wanted!r} has read measurements up to "
                f"{epoch_text(stored.since)} and forecasts from there on, {epoch_text(first)} is "
                'earlier; ask for later epochs, or for "satellite"'
            )
        if message:
            raise ServiceError(422, message, [Detail("correction", message, wanted)])


def _asked(group: Group, points: Points) -> Drivers:
    """Drivers of the hours that the points lie in; a block holds others too."""
    times = points.time[group.rows]
    return group.drivers.between(times.min(), ceiled(times).max())


def _picked(points: Points, rows: npt.NDArray[np.int64]) -> Points:
    return Points(
        points.time[rows], points.latitude[rows], points.longitude[rows], points.height[rows]
    )
