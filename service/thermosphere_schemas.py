"""The bodies of the density interface.

Moments are UTC, angles degrees, heights km above the ellipsoid, densities kg/m3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from service.epochs import Epoch
from service.example import DENSITY_EXAMPLE, DENSITY_FORECAST_EXAMPLE
from service.schemas import Body, Finite

#: Most points, or values of a forecast, that are written as JSON; an Arrow stream holds more.
MAX_JSON_POINTS = 20_000
MAX_DRIVER_ROWS = 10_000
MAX_LEVELS = 50
MAX_SAMPLES = 200

#: pydantic copies a default for every body.
DEFAULT_LEVELS = [0.05, 0.5, 0.95]

Correction = Literal["none", "satellite", "assimilated"]
Futures = Literal["ensemble", "persistence", "recurrence", "climatology"]
Levels = Annotated[
    list[Finite],
    Field(min_length=1, max_length=MAX_LEVELS, description="probabilities between 0 and 1"),
]


def _rows_or_columns(value: Any) -> str | None:
    if isinstance(value, list):
        return "rows"
    return "columns" if isinstance(value, dict) else None


def _rows_or_word(value: Any) -> str | None:
    if isinstance(value, list):
        return "rows"
    return "word" if isinstance(value, str) else None


def _choice(pick: Any, name: str, words: str) -> Discriminator:
    return Discriminator(pick, custom_error_type=name, custom_error_message=words)


class Point(Body):
    """Where and when."""

    epoch: Epoch
    latitude: Finite = Field(description="geodetic degrees north, -90 to 90")
    longitude: Finite = Field(description="degrees east, -180 to 360")
    height: Finite = Field(description="km above the ellipsoid")


class PointColumns(Body):
    """The same as lists of one length."""

    epoch: list[Epoch]
    latitude: list[Finite]
    longitude: list[Finite]
    height: list[Finite]


class Place(Body):
    """Where; when is every output hour of the forecast."""

    latitude: Finite
    longitude: Finite
    height: Finite


class DriverRow(Body):
    """Space weather from this time on: F10.7 for the UTC day, kp or ap for the 3 hours."""

    time: Epoch = Field(description="a whole hour; rows at least every 3 hours")
    f107: Finite = Field(description="solar flux units, as observed")
    kp: Finite | None = Field(None, description="0 to 9; or give ap")
    ap: Finite | None = Field(None, description="0 to 400")
    f107_mean: Finite | None = Field(None, description="81-day mean; computed if not given")
    f107_adjusted: Finite | None = None


DriverRows = Annotated[list[DriverRow], Field(min_length=1, max_length=MAX_DRIVER_ROWS)]
Drivers = Annotated[
    Annotated[DriverRows, Tag("rows")] | Annotated[Literal["lookup"], Tag("word")],
    _choice(_rows_or_word, "drivers_type", 'expected "lookup" or a list of rows'),
]
PointList = Annotated[
    Annotated[list[Point], Tag("rows")] | Annotated[PointColumns, Tag("columns")],
    _choice(
        _rows_or_columns,
        "points_type",
        "expected a list of points or an object of lists: epoch, latitude, longitude, height",
    ),
]


class DensityOptions(Body):
    """How density is asked for; beside an Arrow stream this is the metadata `halyard`."""

    drivers: Drivers = Field("lookup", description="space weather: looked up, or your own rows")
    levels: Levels = DEFAULT_LEVELS
    correction: Correction = Field("none", description="by satellite densities, where stored")


class DensityRequest(DensityOptions):
    """Density at points."""

    model_config = ConfigDict(json_schema_extra={"examples": [DENSITY_EXAMPLE]})

    points: PointList


class GridChoice(Body):
    """Axes of a grid; what is not given is the emulator's own."""

    local_time: list[Finite] | None = Field(None, min_length=1, description="hours, 0 to 24")
    latitude: list[Finite] | None = Field(None, min_length=1)
    height: list[Finite] | None = Field(None, min_length=1, description="km")


class DensityForecastRequest(Body):
    """Density of the hours after `start`, by what was published until then."""

    model_config = ConfigDict(json_schema_extra={"examples": [DENSITY_FORECAST_EXAMPLE]})

    start: Epoch = Field(description="a whole hour; nothing published later is read")
    hours: int = Field(description="hours ahead")
    step_hours: int = Field(1, ge=1, description="hours between outputs")
    grid: GridChoice | None = None
    points: list[Place] | None = Field(None, min_length=1)
    futures: Futures = Field("ensemble", description="how space weather goes on")
    samples: int = Field(20, ge=1, le=MAX_SAMPLES, description="futures that are drawn")
    seed: int = Field(0, ge=0, le=2**32 - 1)
    drivers: DriverRows | None = Field(None, description="your own future instead")
    levels: Levels = DEFAULT_LEVELS
    correction: Correction = "none"


#: Fields that may stand in each object, for the message about an unknown one.
KNOWN_DENSITY: Mapping[str, Sequence[str]] = {
    "": tuple(DensityRequest.model_fields),
    "points": tuple(Point.model_fields),
    "drivers": tuple(DriverRow.model_fields),
}
KNOWN_OPTIONS: Mapping[str, Sequence[str]] = {
    **KNOWN_DENSITY,
    "": tuple(DensityOptions.model_fields),
}
KNOWN_FORECAST: Mapping[str, Sequence[str]] = {
    "": tuple(DensityForecastRequest.model_fields),
    "grid": tuple(GridChoice.model_fields),
    "points": tuple(Place.model_fields),
    "drivers": tuple(DriverRow.model_fields),
}
