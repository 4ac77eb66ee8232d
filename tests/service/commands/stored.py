"""Stored models for the verbs: invented ones in no time, a real small one in a few seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.contract import State
from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.fund_sharpe import FundSharpeConfig
from pipelines import registry
from pipelines.datasets.panel import ReturnsPanel

LEADS = ("rolling_6", "forward_6")


def scores() -> dict[str, Any]:
    """Scores as training stores them, of two leads."""
    return {
        "holdout_rmse": {"rolling_6": 0.5, "forward_6": 1.5},
        "holdout_rmse_structural": {"rolling_6": 0.625, "forward_6": 1.75},
        "holdout_coverage_90": {"rolling_6": 0.875, "forward_6": 0.925},
        "holdout_months": 48,
        "holdout_forecasts": 960,
    }


def store(name: str = "fund-sharpe", periods_per_year: int = 12) -> registry.StoredModel:
    """Store a model that holds three numbers."""
    return registry.save_model(
        name,
        State("toy", {}, {"weights": np.arange(3.0)}),
        {"excess": [[0.01]]},
        metrics=scores(),
        config={"periods_per_year": periods_per_year, "network": {"hidden_size": 4}},
        data={"hash": "abc", "first": "2001-01", "last": "2016-12", "series": 30},
        seed=7,
    )


def tiny_config(**changes: Any) -> FundSharpeConfig:
    """One network of each kind, trained for an instant."""
    return FundSharpeConfig(
        horizons=(6, 12),
        members=1,
        network=NetworkConfig(hidden_size=4),
        training=TrainingConfig(epochs=1, batch_size=512),
        **changes,
    )


def panel(funds: int = 12, months: int = 150, seed: int = 0) -> ReturnsPanel:
    """Funds that share a market, from 2004-01."""
    draw = np.random.default_rng(seed)
    market = draw.normal(0.006, 0.03, months)
    returns = market + draw.normal(0.0, 0.02, (funds, months))
    return ReturnsPanel(
        ids=tuple(f"F{i:02d}" for i in range(funds)),
        periods=tuple(f"{2004 + t // 12}-{t % 12 + 1:02d}" for t in range(months)),
        returns=returns,
        risk_free=np.full(months, 0.001),
        periods_per_year=12,
        data_hash="invented",
    )
