"""What the fund-Sharpe forecaster forecasts, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import ConfigError
from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.transforms.fund_reference import Lead, make_leads


@dataclass(frozen=True)
class FundSharpeConfig:
    """What is forecast, and how.

    window              periods of the rolling Sharpe ratio
    horizons, targets   what to forecast: every target at every horizon
    lookback            periods that a network reads
    min_history         periods of a fund before it is used in training and back-tests
    warm_up             periods with enough funds before training rows begin
    cells               kinds of recurrent network in the ensemble
    members             networks of each kind; the first is trained on all rows, the
                        others on bootstrapped blocks of dates
    bag_months          length of such a block
    shrinkage           weight of the networks in the ensemble; the structural reference,
                        its other member, has the rest
    calibration_months  newest known origins whose errors give the distribution its shape
    validation_months   newest origins with known outcomes that are kept from training, for
                        training.patience; 0 for none
    """

    window: int = 12
    horizons: tuple[int, ...] = (6, 9, 12, 18, 24)
    targets: tuple[str, ...] = ("rolling", "forward")
    periods_per_year: int = 12
    lookback: int = 36
    min_history: int = 36
    warm_up: int = 24
    cells: tuple[str, ...] = ("lstm", "gru")
    members: int = 4
    bag_months: int = 24
    shrinkage: float = 0.4
    calibration_months: int = 60
    validation_months: int = 0
    seed: int = 0
    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        least = {"window": 3, "lookback": 1, "min_history": 3, "warm_up": 0, "members": 1}
        least |= {"bag_months": 1, "calibration_months": 1, "periods_per_year": 1, "seed": 0}
        least |= {"validation_months": 0}
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise ConfigError(f"{name}: expected {smallest} or more, got {getattr(self, name)}")
        for name in ("horizons", "targets", "cells"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ConfigError(f"{name}: expected different values, got {list(values)}")
        if self.training.patience is not None and not self.validation_months:
            raise ConfigError(
                "training.patience: early stopping needs months to judge on; set "
                "validation_months, for example to 36"
            )
        if not 0 <= self.shrinkage <= 1:
            raise ConfigError(f"shrinkage: expected 0 to 1, got {self.shrinkage}")

    @property
    def leads(self) -> tuple[Lead, ...]:
        return make_leads(self.horizons, self.targets, self.window)
