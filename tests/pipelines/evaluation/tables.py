"""Tables of forecasts for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm

from models.contract import LEVELS, FloatArray
from pipelines.evaluation.about import ReportAbout
from pipelines.evaluation.evaluate import Roles
from pipelines.evaluation.schema import forecast_rows

Z = norm.ppf(LEVELS)


def one_origin(y: Sequence[float], mean: Sequence[float], **changes: Any) -> pl.DataFrame:
    """Rows of one model at one origin; a normal distribution of spread `spread` (1)."""
    centre = np.asarray(mean, dtype=float)
    spread = changes.pop("spread", 1.0)
    rows: dict[str, Any] = {
        "model": "a",
        "target": "rolling",
        "horizon": 6,
        "series": [f"s{i:03d}" for i in range(len(centre))],
        "origin": "2001-01",
        "origin_index": 0,
        "y": np.asarray(y, dtype=float),
        "mean": centre,
        "quantiles": centre[:, None] + spread * Z,
        "mase_scale": np.ones(len(centre)),
        "sample": np.zeros(len(centre), dtype=bool),
    }
    return forecast_rows(**(rows | changes))


def many_origins(y: FloatArray, mean: FloatArray, step: int = 3, **changes: Any) -> pl.DataFrame:
    """Rows of one model, from origin × series arrays; origins `step` months apart."""
    return pl.concat(
        one_origin(y[i], mean[i], origin_index=i * step, origin=month(i * step), **changes)
        for i in range(len(y))
    )


def month(index: int) -> str:
    return f"{2001 + index // 12}-{index % 12 + 1:02d}"


#: Of `contest_table`.
ROLES = Roles(reference=("ens", "lstm"), baselines=("mean", "slow"))
NOISE = {"ens": 0.3, "lstm": 0.5, "mean": 1.0, "slow": 1.2}


def contest_table(
    series: int = 12,
    origins: int = 12,
    horizons: Sequence[int] = (6, 9),
    targets: Sequence[str] = ("forward", "rolling"),
    noise: Mapping[str, float] = NOISE,
    seed: int = 0,
) -> pl.DataFrame:
    """Forecasts of which each model misses by its `noise`, with a normal of that spread.

    The model "slow" ran on the first three series only, which are the sample.
    """
    generator = np.random.default_rng(seed)
    sample = np.arange(series) < 3
    parts = []
    for target in targets:
        for horizon in horizons:
            y = generator.normal(size=(origins, 1)) + generator.normal(size=(origins, series))
            for model, spread in noise.items():
                ran = sample if model == "slow" else np.ones(series, dtype=bool)
                mean = y + spread * generator.normal(size=y.shape)
                lead = {"model": model, "target": target, "horizon": horizon}
                there = np.where(ran, y, np.nan)
                parts.append(many_origins(there, mean, spread=spread, sample=sample, **lead))
    return pl.concat(parts)


def about_contest(**changes: Any) -> ReportAbout:
    """What goes with `contest_table`."""
    facts: dict[str, Any] = {
        "config": {"window": 12, "model": {"horizons": [6, 9], "dropout": None}},
        "data_hash": "sha256:0123",
        "seed": 7,
        "reference": ROLES.reference,
        "baselines": ROLES.baselines,
        "models": {"ens": "mean of networks"},
        "notes": ("Networks were refitted at every fourth origin.",),
        "attrition": (("2001", 12, 3), ("2002", 0, 0)),
        "versions": {"python": "3.11", "packages": {"numpy": "2.4"}},
        "title": "Back-test of the tests",
    }
    return ReportAbout(**(facts | changes))
