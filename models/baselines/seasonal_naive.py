"""Seasonal naive: as in the same season last time. The yardstick of MASE for seasonal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.baselines.history import seasonal_values
from models.baselines.pooled import PooledBaseline
from models.contract import FloatArray, Windows
from models.errors import ConfigError


@dataclass(frozen=True)
class SeasonalNaiveConfig:
    """`season_length`: steps in a season, 12 for monthly data; 1 repeats the last value."""

    season_length: int = 12

    def __post_init__(self) -> None:
        if self.season_length < 1:
            raise ConfigError(f"season_length: expected 1 or more, got {self.season_length}")


class SeasonalNaive(PooledBaseline[SeasonalNaiveConfig]):
    """Forecast the newest value of the season in which each lead falls."""

    kind = "seasonal_naive"
    config_type = SeasonalNaiveConfig

    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        del train  # nothing to fit
        return {}

    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        del arrays
        return seasonal_values(windows, self.config.season_length)
