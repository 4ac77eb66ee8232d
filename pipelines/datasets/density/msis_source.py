"""NRLMSIS as a source of density fields: the open substitute for a physics model's output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any, Self

from models.emulators.drivers import Drivers
from models.emulators.grid import FloatArray, Grid
from models.errors import ConfigError
from pipelines.datasets.density.msis import AP_HISTORY, VERSIONS, msis_field
from pipelines.datasets.density.sources import HourArray, driver_variables

LABELS = {"2.1": "NRLMSIS 2.1", "2.0": "NRLMSIS 2.0", "00": "NRLMSISE-00"}


@dataclass(frozen=True)
class MsisSource:
    """Fields by NRLMSIS.

    grid     of the fields
    drivers  of every hour that is asked for
    version  "2.1", "2.0" or "00"
    """

    grid: Grid
    drivers: Drivers
    version: str = "2.1"

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise ConfigError(
                f"NRLMSIS version: expected {', '.join(VERSIONS)}, got {self.version!r}"
            )

    @property
    def name(self) -> str:
        return f"msis{self.version.replace('.', '')}"

    @property
    def label(self) -> str:
        return LABELS[self.version]

    def settings(self) -> Mapping[str, Any]:
        return {
            "version": self.version,
            "pymsis": metadata.version("pymsis"),
            "geomagnetic_activity": AP_HISTORY,
            "f107": "f107_previous",
            "f107a": "f107_mean",
        }

    def variables(self, hours: HourArray) -> Mapping[str, FloatArray]:
        return driver_variables(self.drivers, hours)

    def origin(self, hours: HourArray) -> str:  # noqa: ARG002
        return ""

    def needed(self, hours: HourArray) -> HourArray:
        return hours

    def narrowed(self, hours: HourArray) -> Self:
        return replace(self, drivers=self.drivers.between(hours[0], hours[-1]))

    def compute(self, hours: HourArray) -> FloatArray:
        return msis_field(hours, self.grid, self.drivers, self.version)

    def finish(self, hours: HourArray, computed: FloatArray) -> FloatArray:  # noqa: ARG002
        return computed
