"""Stored models for the verbs, made in no time."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.contract import State
from pipelines import registry


def scores() -> dict[str, Any]:
    """Scores as training stores them, of two leads."""
    return {
        "holdout_rmse": {"rolling_6": 0.5, "forward_6": 1.5},
        "holdout_rmse_structural": {"rolling_6": 0.625, "forward_6": 1.75},
        "holdout_coverage_90": {"rolling_6": 0.875, "forward_6": 0.925},
        "holdout_months": 48,
        "holdout_forecasts": 960,
    }


def store(
    name: str = "fund-sharpe", periods_per_year: int = 12, **metrics: Any
) -> registry.StoredModel:
    """Store a model that holds three numbers; `metrics` are kept beside the scores."""
    return registry.save_model(
        name,
        State("toy", {}, {"weights": np.arange(3.0)}),
        {"excess": [[0.01]]},
        metrics={**scores(), **metrics},
        config={"periods_per_year": periods_per_year, "network": {"hidden_size": 4}},
        data={"hash": "abc", "first": "2001-01", "last": "2016-12", "series": 30},
        seed=7,
    )
