"""Last value: the future is as now. The baseline that says whether anything can be forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.baselines.history import known_or, newest_value
from models.baselines.pooled import PooledBaseline
from models.contract import FloatArray, Windows


@dataclass(frozen=True)
class LastValueConfig:
    """`last`: known feature that holds the newest value; the history where there is none."""

    last: str = "last"


class LastValue(PooledBaseline[LastValueConfig]):
    """Forecast the newest value of the same target."""

    kind = "last_value"
    config_type = LastValueConfig

    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        del train  # nothing to fit
        return {}

    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        del arrays
        return known_or(windows, self.config.last, newest_value)
