"""The whole run: read a file, hold the last steps out, forecast them, score."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ConfigError
from pipelines.monthly.forecasts import Forecasts, forecast_panel
from pipelines.monthly.panel import data_hash, read_panel
from pipelines.monthly.problem import Progress
from pipelines.monthly.scores import naive_scale, score
from pipelines.monthly.settings import MonthlyConfig

#: Order of the rows; others follow.
ORDER = ("ensemble", "lstm", "gru", "smoothers", "seasonal_naive")


@dataclass(frozen=True)
class Question:
    """What is asked of a file.

    horizon              steps at the end of every series to forecast
    season               steps in a season, 1 for none
    statistical_seconds  CPU seconds that classical models may take, None for none of them
    jobs                 processes
    """

    file: Path
    horizon: int
    season: int
    statistical_seconds: float | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        for name in ("horizon", "season", "jobs"):
            if getattr(self, name) < 1:
                raise ConfigError(f"--{name}: expected 1 or more, got {getattr(self, name)}")


def run_benchmark(
    question: Question, config: MonthlyConfig, progress: Progress | None = None
) -> dict[str, Any]:
    """Return the scores as JSON-able data. Raises HalyardError for unusable data."""
    begun = time.monotonic()
    panel = read_panel(question.file)
    training, outcome = panel.hold_out(question.horizon)
    found = forecast_panel(
        training.values,
        question.horizon,
        question.season,
        config,
        statistical_seconds=question.statistical_seconds,
        jobs=question.jobs,
        progress=progress,
    )
    scale = naive_scale(training.values, question.season)
    return {
        "data": str(question.file),
        "data_hash": data_hash(question.file),
        "horizon": question.horizon,
        "season": question.season,
        "seed": config.training.seed,
        "n_series": len(training),
        "n_scored": int(np.isfinite(scale).sum()),
        "n_too_short": len(panel) - len(training),
        "rows": _rows(found, outcome, scale),
        "ensemble_weights": {name: round(w, 4) for name, w in found.weights.items()},
        "validation_rows": found.rehearsed,
        "left_out": dict(found.left_out),
        "seconds": round(time.monotonic() - begun, 1),
    }


def _rows(found: Forecasts, outcome: np.ndarray, scale: np.ndarray) -> list[dict[str, Any]]:
    names = [*(n for n in ORDER if n in found.models), *(n for n in found.models if n not in ORDER)]
    return [{"model": name, **asdict(score(found.models[name], outcome, scale))} for name in names]
