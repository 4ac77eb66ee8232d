"""NRLMSIS with a memory, as a source of fields: a test truth, not a model of anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np

from models.emulators.grid import FloatArray, Grid
from models.transforms.relaxation import Memory, RelaxationConfig, Reservoir, fill, relax
from pipelines.datasets.density.msis_source import MsisSource
from pipelines.datasets.density.sources import HourArray, hours_between

#: Time constants of the lag and of the reservoir after which what was before no longer shows.
_FORGOTTEN = 16.0


@dataclass(frozen=True)
class RelaxedSource:
    """`base` followed with a lag, and lowered after storms; see models.transforms.relaxation.

    Every chunk starts from fields so long before it that it does not depend on where a run
    began or went on.
    """

    base: MsisSource
    config: RelaxationConfig = field(default_factory=RelaxationConfig)

    @property
    def name(self) -> str:
        return f"relaxed_{self.base.name}"

    @property
    def label(self) -> str:
        return f"relaxed {self.base.label} (test truth)"

    @property
    def grid(self) -> Grid:
        return self.base.grid

    @staticmethod
    def history_of(config: RelaxationConfig) -> int:
        """Hours of drivers that are needed before the first field."""
        slowest = max(config.decay, config.rise, config.low_lag, config.high_lag)
        return int(np.ceil(_FORGOTTEN * slowest)) + 1

    def settings(self) -> Mapping[str, Any]:
        return {**self.base.settings(), "relaxation": asdict(self.config)}

    def variables(self, hours: HourArray) -> Mapping[str, FloatArray]:
        return self.base.variables(hours)

    def origin(self, hours: HourArray) -> str:  # noqa: ARG002
        return ""

    def needed(self, hours: HourArray) -> HourArray:
        lag = max(self.config.low_lag, self.config.high_lag)
        return hours_between(hours[0] - int(np.ceil(_FORGOTTEN * lag)), hours[-1])

    def narrowed(self, hours: HourArray) -> Self:
        return replace(self, base=self.base.narrowed(hours))

    def compute(self, hours: HourArray) -> FloatArray:
        return self.base.compute(hours)

    def finish(self, hours: HourArray, computed: FloatArray) -> FloatArray:
        known = self.needed(hours)
        past = self.base.drivers.between(hours[0] - self.history_of(self.config), known[0] - 1)
        _, reservoir = fill(past.column("ap"), self.config, Reservoir())
        ap = self.base.drivers.between(known[0], known[-1]).column("ap")
        height = np.asarray(self.grid.height)
        fields, _ = relax(computed, ap, height, self.config, Memory(reservoir=reservoir))
        return fields[len(known) - len(hours) :].astype(np.float32)
