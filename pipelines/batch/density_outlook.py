"""Which hours a batch can be asked for, and the reduced state over them.

Up to the last day that the table of space weather knows whole, drivers are looked up. After
it they are forecast, by nothing but that table, for 27 days: an ensemble of futures is drawn
once, of the same length whatever is asked for, and pooled. A caller's own drivers replace
both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.emulators.driver_futures import LONGEST, forecast_drivers
from models.emulators.driver_issue import IssueDelays
from models.emulators.driver_weather import INTERVAL_HOURS, SpaceWeather
from models.emulators.drivers import Drivers
from models.emulators.emulator import DensityEmulator, Points
from models.errors import DataError
from pipelines.batch.density_columns import CALLER, FORECAST, OBSERVED
from pipelines.batch.density_paths import ChapterPaths
from pipelines.datasets.space_weather.caller_rows import drivers_from_rows
from pipelines.datasets.space_weather.given_rows import read_rows
from pipelines.thermosphere_density.paths import Group, joined, pooled
from pipelines.thermosphere_density.weather import known_hours, observed


@dataclass(frozen=True)
class Spell:
    """Hours whose drivers are of one kind.

    kind         of the drivers
    origin       when they were issued, or the last hour that they are known for
    first, last  moments that it answers for
    groups       points in it -> groups, whose hours hang together, and all futures of each
    """

    kind: str
    origin: np.datetime64
    first: np.datetime64
    last: np.datetime64
    groups: Callable[[Points], Iterator[tuple[Group, Sequence[Drivers]]]]


@dataclass(frozen=True)
class Ensemble:
    """How drivers are forecast: number of futures, seed."""

    samples: int = 20
    seed: int = 0


def outlook(
    emulator: DensityEmulator,
    weather: SpaceWeather,
    ensemble: Ensemble | None = None,
    drivers: Path | None = None,
) -> list[Spell]:
    """The spells that can be answered, which follow each other.

    drivers  a file of the caller's own drivers instead (see caller_rows)

    Raises DataError for a table or a file without a whole day.
    """
    if drivers is not None:
        return [_by_caller(emulator, weather, drivers)]
    first, last = known_hours(weather, emulator)

    def read(begin: np.datetime64, end: np.datetime64) -> Drivers:
        return observed(weather, begin, end)

    known = Spell(OBSERVED, last, first, last, _known(ChapterPaths(emulator, read, first, last)))
    ahead = _Ahead(emulator, weather, last, ensemble or Ensemble())
    return [known, Spell(FORECAST, ahead.start, last, ahead.end, ahead.groups)]


def issued_at(weather: SpaceWeather) -> np.datetime64:
    """The whole hour at which the newest values of a table were out."""
    delays, hour = IssueDelays(), np.timedelta64(3600, "s")
    flux, kp = weather.last_f107, weather.last_kp_end
    if flux is None or kp is None:
        raise DataError(f"{weather.source}: no F10.7 or no Kp; update the table")
    seconds = np.timedelta64(round(delays.f107_hours * 3600), "s")
    out = max(
        flux.astype("datetime64[s]") + seconds,
        kp.astype("datetime64[s]") + np.timedelta64(round(delays.kp_hours * 3600), "s"),
    )
    return np.datetime64((out + (hour - np.timedelta64(1, "s"))).astype("datetime64[h]"))


def _known(paths: ChapterPaths) -> Callable[[Points], Iterator[tuple[Group, Sequence[Drivers]]]]:
    def groups(points: Points) -> Iterator[tuple[Group, Sequence[Drivers]]]:
        for group in paths.groups(points):
            yield group, (group.drivers,)

    return groups


def _by_caller(emulator: DensityEmulator, weather: SpaceWeather, file: Path) -> Spell:
    """A spell to the end of the last whole day of a caller's drivers: a daily Ap needs it."""
    times = read_rows(file).times
    after = times[-1] + (INTERVAL_HOURS - int(times[-1].astype(np.int64)) % INTERVAL_HOURS)
    last = np.datetime64(after.astype("datetime64[D]").astype("datetime64[h]") - 1)
    if last < times[0]:
        raise DataError(
            f"{file}: expected drivers to the end of a UTC day, got {times[0]} to {times[-1]}"
        )
    first, _ = known_hours(weather, emulator)

    def read(begin: np.datetime64, end: np.datetime64) -> Drivers:
        return drivers_from_rows(file, weather, begin, end)

    # A gap between the table and the rows is found here, not at some shard.
    read(np.datetime64(last - emulator.lookback), last)
    return Spell(CALLER, last, first, last, _known(ChapterPaths(emulator, read, first, last)))


class _Ahead:
    """The pooled path of the futures after the last hour that is known, once it is wanted.

    The path begins with that hour. `start`, when the table was issued, is up to a day later:
    what was not out in between is drawn too. From `start` on it is the path of a forecast
    (POST /v1/thermosphere/forecast) with that start, 647 hours and the same samples and seed.
    """

    def __init__(
        self,
        emulator: DensityEmulator,
        weather: SpaceWeather,
        last: np.datetime64,
        ensemble: Ensemble,
    ) -> None:
        self._emulator, self._weather, self._ensemble = emulator, weather, ensemble
        self._last, self.start = last, issued_at(weather)
        self.end = np.datetime64(self.start + (LONGEST - 1))
        self._made: tuple[Group, Sequence[Drivers]] | None = None

    def groups(self, points: Points) -> Iterator[tuple[Group, Sequence[Drivers]]]:
        """All points at once. Raises DataError where the table is too short or too old."""
        if self._made is None:
            self._made = self._forecast()
        group, futures = self._made
        yield Group(np.arange(len(points)), group.path, group.drivers), futures

    def _forecast(self) -> tuple[Group, Sequence[Drivers]]:
        gap = int((self.start - self._last).astype(np.int64))
        futures = list(
            forecast_drivers(
                self._weather,
                self.start,
                LONGEST,
                samples=self._ensemble.samples,
                seed=self._ensemble.seed,
                history=self._emulator.lookback + gap,
            )
        )
        path = self._emulator.path
        parts = [pooled([path(each, self.start, self.end) for each in futures])]
        if gap > 0:
            before = np.datetime64(self.start - 1)
            parts.insert(0, pooled([path(each, self._last, before) for each in futures]))
        ahead = [each.between(self._last, self.end) for each in futures]
        return Group(np.arange(0), joined(parts), futures[0]), ahead
