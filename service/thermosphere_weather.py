"""Space weather of a server: looked up, forecast, or the caller's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from models.emulators.driver_futures import forecast_drivers
from models.emulators.driver_history import Method
from models.emulators.driver_issue import as_known_at
from models.emulators.driver_weather import SpaceWeather
from models.emulators.drivers import Drivers
from models.errors import DataError
from pipelines.datasets.space_weather.caller_rows import drivers_from_rows
from pipelines.datasets.space_weather.table import EMBEDDED, open_space_weather, updated_path
from service.epochs import epoch_text
from service.errors import Detail, invalid
from service.thermosphere_answers import DriversKind, DriversUsed
from service.thermosphere_checks import Rows
from service.thermosphere_inputs import PointQuery


class Ahead(Protocol):
    """What is asked of the hours after a start.

    futures   how space weather goes on: a method of forecast_drivers, or "observed"
    samples   futures to draw
    drivers   the caller's rows instead
    """

    @property
    def start(self) -> np.datetime64: ...
    @property
    def hours(self) -> int: ...
    @property
    def last(self) -> np.datetime64: ...
    @property
    def futures(self) -> Literal["observed"] | Method: ...
    @property
    def samples(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def drivers(self) -> Rows | None: ...


class WeatherTable:
    """The table on disk, read again when `halyard data update space-weather` replaced it."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._seen: tuple[Path, int] | None = None
        self._weather: SpaceWeather | None = None

    def __call__(self) -> SpaceWeather:
        """The newest state of the table. Raises DataError."""
        path = self._path or (updated_path() if updated_path().is_file() else EMBEDDED)
        seen = (path, path.stat().st_mtime_ns)
        if self._weather is None or seen != self._seen:
            self._weather, self._seen = open_space_weather(path), seen
        return self._weather


def refuse_epochs(
    query: PointQuery, known: tuple[np.datetime64, np.datetime64], weather: SpaceWeather
) -> None:
    """Raise ServiceError (422) for points outside the hours that are known."""
    first, last = known
    wrong = np.flatnonzero((query.points.time < first) | (query.points.time > last))
    if len(wrong):
        message = (
            f"expected a moment from {epoch_text(first)} to {epoch_text(last)}, for which space "
            f"weather is known ({weather.source}); update it (halyard data update "
            "space-weather), send drivers, or use /v1/thermosphere/forecast"
        )
        raise invalid(
            [
                Detail(query.place("epoch", int(i)), message, epoch_text(query.points.time[i]))
                for i in wrong
            ]
        )


def used(kind: DriversKind, weather: SpaceWeather, drivers: Sequence[Drivers]) -> DriversUsed:
    """What an answer says of its drivers."""
    f107, kp = weather.last_f107, weather.last_kp_end
    return DriversUsed(
        kind=kind,
        source=weather.source,
        as_of=None if weather.as_of is None else epoch_text(weather.as_of),
        newest_f107=None if f107 is None else str(f107),
        newest_kp=None if kp is None else epoch_text(kp),
        first=epoch_text(min(each.times[0] for each in drivers)),
        last=epoch_text(max(each.times[-1] for each in drivers)),
        futures=None,
        samples=None,
    )


def caller_drivers(
    rows: Sequence[Mapping[str, Any]],
    before: SpaceWeather,
    first: np.datetime64,
    last: np.datetime64,
) -> Drivers:
    """Drivers of a caller's rows, with a table for what came before. Raises DataError."""
    return drivers_from_rows(list(rows), before, first, last)


def futures(weather: SpaceWeather, query: Ahead, history: int) -> list[Drivers]:
    """Sampled drivers from `history` hours before the start to the last hour.

    Reads only what was published by the start. Raises DataError.
    """
    if query.futures == "observed":
        raise DataError("futures: what came is not drawn")
    return list(
        forecast_drivers(
            weather,
            query.start,
            query.hours + 1,
            query.futures,
            query.samples,
            query.seed,
            history=history,
        )
    )


def published(weather: SpaceWeather, start: np.datetime64) -> SpaceWeather:
    """The table as it stood at the start. Raises DataError when nothing was out."""
    return as_known_at(weather, start)
