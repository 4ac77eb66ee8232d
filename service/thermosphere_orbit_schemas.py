"""The bodies of the orbit interface: km, km/s and seconds; the frame is TEME, as of SGP4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from service.epochs import Epoch
from service.example import ORBIT_EXAMPLE
from service.schemas import Body, Finite
from service.thermosphere_answers import DensitySummary, DriversUsed
from service.thermosphere_schemas import (
    DEFAULT_LEVELS,
    MAX_SAMPLES,
    DriverRow,
    DriverRows,
    Levels,
)

#: Longest flight of a request: what is computed within the deadline.
MAX_ORBIT_HOURS = 120

Triple = Annotated[list[Finite], Field(min_length=3, max_length=3)]
OrbitFutures = Literal["observed", "ensemble", "persistence", "recurrence", "climatology"]
Seconds = Literal[60, 120, 300, 600, 900, 1800, 3600]


class OrbitState(Body):
    """Where a satellite is, inertial (TEME)."""

    epoch: Epoch
    position_km: Triple
    velocity_km_s: Triple


class OrbitRequest(Body):
    """A satellite to propagate under sampled densities: give state or tle."""

    model_config = ConfigDict(json_schema_extra={"examples": [ORBIT_EXAMPLE]})

    state: OrbitState | None = None
    tle: Annotated[list[str], Field(min_length=2, max_length=2)] | None = Field(
        None, description="the two lines"
    )
    start: Epoch | None = Field(None, description="with tle: when to begin; default: its epoch")
    ballistic: Finite | None = Field(
        None, description="Cd A / m in m2/kg; needed with state, from B* with tle"
    )
    hours: int = Field(ge=1, le=MAX_ORBIT_HOURS, description="hours to fly")
    step_seconds: Seconds = Field(300, description="between outputs")
    futures: OrbitFutures = Field(
        "ensemble",
        description="how space weather goes on; observed: as it came (for the past)",
    )
    samples: int = Field(40, ge=2, le=MAX_SAMPLES, description="trajectories")
    seed: int = Field(0, ge=0, le=2**32 - 1)
    drivers: DriverRows | None = Field(None, description="your own future instead")
    levels: Levels = DEFAULT_LEVELS


class OrbitAnswer(Body):
    """The mean trajectory, its spread, and the density along it; lists by time."""

    model: DensitySummary
    drivers: DriversUsed
    warnings: list[str]
    ballistic: Finite = Field(description="m2/kg")
    frame: str
    levels: list[Finite]
    time: list[str]
    latitude: list[Finite] = Field(description="geodetic degrees, of the mean position")
    longitude: list[Finite]
    height: list[Finite]
    position_km: list[list[Finite]]
    velocity_km_s: list[list[Finite]]
    radial_std_km: list[Finite]
    along_std_km: list[Finite]
    cross_std_km: list[Finite]
    density_quantiles: list[list[Finite]] = Field(description="time × level, kg/m3")


KNOWN_ORBIT: Mapping[str, Sequence[str]] = {
    "": tuple(OrbitRequest.model_fields),
    "state": tuple(OrbitState.model_fields),
    "drivers": tuple(DriverRow.model_fields),
}
