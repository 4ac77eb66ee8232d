"""Series mean: each series returns to its own mean. Hard to beat at long horizons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.baselines.history import known_or, mean_so_far
from models.baselines.pooled import PooledBaseline
from models.contract import FloatArray, Windows


@dataclass(frozen=True)
class SeriesMeanConfig:
    """`mean`: known feature that holds the mean so far; the history where there is none."""

    mean: str = "mean"


class SeriesMean(PooledBaseline[SeriesMeanConfig]):
    """Forecast the series' mean so far."""

    kind = "series_mean"
    config_type = SeriesMeanConfig

    def _fit_point(self, train: Windows) -> dict[str, FloatArray]:
        del train  # nothing to fit
        return {}

    def _point(self, windows: Windows, arrays: Mapping[str, FloatArray]) -> FloatArray:
        del arrays
        return known_or(windows, self.config.mean, mean_so_far)
