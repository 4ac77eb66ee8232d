"""A back-test that takes seconds, and a script that runs it in a process to be killed.

Run as a module, `python -m tests.pipelines.fund_sharpe.runs FOLDER`, it runs `long_plan`
with two workers.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.datasets.funds import data_hash
from pipelines.datasets.panel import ReturnsPanel
from pipelines.fund_sharpe.backtest import run_origins
from pipelines.fund_sharpe.backtest_plan import BacktestPlan, BacktestSettings, make_plan
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config


def small_settings(**changes: Any) -> BacktestSettings:
    """Three origins, two fits, two baselines and one slow model on two funds."""
    usual: dict[str, Any] = {
        "origins": 3,
        "refit_every": 2,
        "sample": 2,
        "baselines": ("last_value", "known_part_ridge"),
        "statistical": ("ses",),
        "workers": 1,
    }
    return BacktestSettings(**{**usual, **changes})


def small_plan(data: ReturnsPanel | None = None, seed: int = 0, **changes: Any) -> BacktestPlan:
    """A plan over the tiny panel; `changes` are settings of the back-test."""
    settings = small_settings(seed=seed, **changes)
    return make_plan(panel() if data is None else data, tiny_config(seed=seed), settings)


def long_plan(workers: int) -> BacktestPlan:
    """Sixteen fits, so that a run can be stopped in the middle."""
    return small_plan(origins=16, refit_every=1, step=2, workers=workers)


def run(plan: BacktestPlan, out: Path) -> pl.DataFrame:
    return run_origins(plan, out, lambda _done, _total: None)


def changed_after(data: ReturnsPanel, origin: int) -> ReturnsPanel:
    """The panel with all returns and bills after a time index replaced."""
    draw = np.random.default_rng(7)
    returns, bill = data.returns.copy(), data.risk_free.copy()
    returns[:, origin + 1 :] = draw.normal(-0.05, 0.3, returns[:, origin + 1 :].shape)
    bill[origin + 1 :] = 0.02
    digest = data_hash(data.ids, data.periods, returns, bill)
    return replace(data, returns=returns, risk_free=bill, data_hash=digest)


if __name__ == "__main__":
    run(long_plan(workers=2), Path(sys.argv[1]))
