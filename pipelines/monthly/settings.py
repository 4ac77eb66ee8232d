"""Settings of the benchmark's forecaster; the shipped ones lie in `conf/monthly.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import ConfigError
from models.forecasters.settings import NetworkConfig, TrainingConfig


@dataclass(frozen=True)
class MonthlyConfig:
    """The networks and how the ensemble is put together.

    network, training   of every network; the cell is set to LSTM and GRU in turn
    lookback            steps that the recurrent layers read
    seeds               networks of each cell, from consecutive seeds
    max_rows            rows of training at most: with many series fewer origins of each
    folds               validation origins, which the ensemble's weights are fitted on
    temperature         how sharply those weights follow the validation error
    theta_budget        AutoTheta is a member when it is expected to take no more CPU seconds
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    lookback: int = 24
    seeds: int = 2
    max_rows: int = 80_000
    folds: int = 3
    temperature: float = 0.04
    theta_budget: float = 120.0

    def __post_init__(self) -> None:
        for name in ("lookback", "seeds", "max_rows", "folds"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected 1 or more, got {getattr(self, name)}")
        if not self.temperature > 0:
            raise ConfigError(f"temperature: expected above 0, got {self.temperature}")
