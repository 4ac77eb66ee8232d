"""What the density interface answers, as JSON bodies."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from service.schemas import Body, Finite

DriversKind = Literal["observed", "caller", "forecast"]


class DensitySummary(Body):
    """Who answered."""

    name: str
    version: str
    label: str = Field(description="what made the training fields")
    trained_from: str
    trained_until: str


class DriversUsed(Body):
    """Space weather behind an answer."""

    kind: DriversKind
    source: str = Field(description="table that was read, also for what came before your rows")
    as_of: str | None = Field(description="when the table was retrieved, or whose knowledge it is")
    newest_f107: str | None = Field(description="last day whose F10.7 is known to it")
    newest_kp: str | None = Field(description="end of the last 3 hours whose Kp is known to it")
    first: str = Field(description="first hour that was read")
    last: str
    futures: str | None = Field(None, description="how space weather was forecast")
    samples: int | None = Field(None, description="futures that were drawn")


class PointDensity(Body):
    """The distribution of density at a point, kg/m3; that of log10 too."""

    mean: Finite
    std: Finite
    median: Finite
    quantiles: list[Finite] = Field(description="one for each level")
    log10_mean: Finite
    log10_std: Finite


class DensityColumns(Body):
    """The same as lists, one value per point; quantiles: point × level."""

    mean: list[Finite]
    std: list[Finite]
    median: list[Finite]
    quantiles: list[list[Finite]]
    log10_mean: list[Finite]
    log10_std: list[Finite]


class DensityAnswer(Body):
    """Densities in the order of the points; rows for rows, columns for columns."""

    model: DensitySummary
    drivers: DriversUsed
    correction: str
    warnings: list[str]
    levels: list[Finite]
    points: list[PointDensity] | DensityColumns


class DensityForecastAnswer(Body):
    """Densities by time, then by point or by local time, latitude and height.

    Quantiles have the level as their last dimension.
    """

    model: DensitySummary
    drivers: DriversUsed
    correction: str
    warnings: list[str]
    levels: list[Finite]
    dimensions: list[str]
    time: list[str]
    axes: dict[str, list[Finite]]
    mean: list[Any]
    std: list[Any]
    median: list[Any]
    quantiles: list[Any]


class DensityDescription(DensitySummary):
    """An emulator that can be asked, and what is known of it."""

    heights: list[Finite] = Field(description="lowest and highest, km")
    grid: list[int] = Field(description="local times, latitudes, heights")
    components: int
    horizon: int = Field(description="hours of a rollout in training")
    feature_set: str
    drivers_from: str = Field(description="first hour that drivers are looked up for")
    drivers_until: str
    corrections: list[str]
    created: str | None
    data: dict[str, Any]
    metrics: dict[str, Any]
