"""Settings that make no sense are refused when built."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import ConfigError, ModelError
from models.fund_sharpe import FundSharpeConfig


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"window": 2}, "window: expected 3 or more, got 2"),
        ({"lookback": 0}, "lookback: expected 1 or more, got 0"),
        ({"min_history": 2}, "min_history: expected 3 or more, got 2"),
        ({"warm_up": -1}, "warm_up: expected 0 or more, got -1"),
        ({"members": 0}, "members: expected 1 or more, got 0"),
        ({"bag_months": 0}, "bag_months: expected 1 or more, got 0"),
        ({"seed": -1}, "seed: expected 0 or more, got -1"),
        ({"validation_months": -1}, "validation_months: expected 0 or more, got -1"),
        ({"horizons": ()}, r"horizons: expected different values, got \[\]"),
        ({"horizons": (6, 6)}, r"horizons: expected different values, got \[6, 6\]"),
        ({"cells": ("lstm", "lstm")}, "cells: expected different values"),
        ({"shrinkage": 1.1}, "shrinkage: expected 0 to 1, got 1.1"),
    ],
)
def test_a_value_out_of_range_names_its_key(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        FundSharpeConfig(**change)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"targets": ("monthly",)}, "target 'monthly': expected 'rolling' or 'forward'"),
        ({"horizons": (2,)}, "horizon 2: a forward Sharpe ratio needs at least 3 periods"),
    ],
)
def test_leads_that_cannot_be_are_refused(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(ModelError, match=expected):
        _ = FundSharpeConfig(**change).leads


def test_leads_are_every_target_at_every_horizon() -> None:
    config = FundSharpeConfig(horizons=(9, 6), targets=("forward", "rolling"))
    assert [lead.name for lead in config.leads] == [
        "forward_9",
        "forward_6",
        "rolling_9",
        "rolling_6",
    ]
