"""A small market of funds, and a model of it that is fitted in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.fund_sharpe import FundSharpeConfig, FundSharpeForecaster, FundSharpeModel
from pipelines.datasets.panel import ReturnsPanel


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


def returns_file(folder: Path, data: ReturnsPanel) -> Path:
    """The panel's returns as a long table."""
    rows = [
        f"{fund},{period},{value}"
        for fund, values in zip(data.ids, data.returns, strict=True)
        for period, value in zip(data.periods, values, strict=True)
    ]
    file = folder / "returns.csv"
    file.write_text("\n".join(["fund,month,ret", *rows]) + "\n")
    return file


def fitted(data: ReturnsPanel, until: int) -> FundSharpeForecaster:
    """A model that has seen the first `until` months of a panel."""
    model = FundSharpeModel(tiny_config())
    model.fit(model.features(data.excess, data.risk_free), until - 1)
    return FundSharpeForecaster(model, data.periods[until - 1])
