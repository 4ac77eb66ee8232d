"""A made panel and a model of it that is fitted in a second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from models.contract import FloatArray
from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.fund_sharpe import FundSharpeConfig, FundSharpeForecaster, FundSharpeModel
from models.transforms.fund_windows import FundFeatures
from tests.models.transforms.funds import make_panel

#: 14 funds over 130 months from 2005-01; the model has seen them to 2014-04.
FUNDS, TIMES, CUTOFF = 14, 130, 111


def small_config(**changes: Any) -> FundSharpeConfig:
    """Two horizons, small networks that are trained for an instant."""
    usual: dict[str, Any] = {
        "horizons": (6, 12),
        "lookback": 12,
        "warm_up": 12,
        "members": 1,
        "network": NetworkConfig(hidden_size=4, head_size=4),
        "training": TrainingConfig(epochs=1, batch_size=256),
    }
    return FundSharpeConfig(**{**usual, **changes})


@dataclass(frozen=True)
class Case:
    """A panel, its features, and a model fitted at CUTOFF."""

    excess: FloatArray
    bill: FloatArray
    features: FundFeatures
    model: FundSharpeModel


def make_case(ragged: bool = True, **changes: Any) -> Case:
    """Fit a model; `changes` are settings."""
    excess, bill = make_panel(FUNDS, TIMES, seed=3, ragged=ragged)
    model = FundSharpeModel(small_config(**changes))
    features = model.features(excess, bill)
    return Case(excess, bill, features, model.fit(features, CUTOFF))


@cache
def case(members: int = 1, ragged: bool = True) -> Case:
    """A fitted case, made once; do not change it."""
    return make_case(ragged, members=members)


def label(time: int) -> str:
    """The month of a time index."""
    return f"{2005 + time // 12}-{time % 12 + 1:02d}"


def forecaster(ragged: bool = False) -> FundSharpeForecaster:
    """The fitted case, as it is served."""
    return FundSharpeForecaster(case(ragged=ragged).model, label(CUTOFF))
