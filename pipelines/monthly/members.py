"""Networks of the ensemble: every cell and seed, trained in parallel processes.

A network corrects the pool's forecast. On a panel with too few rows to learn from, the
pool's forecast with the spread of its own errors stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.baselines.residuals import around, error_quantiles
from models.contract import LEVELS, FloatArray, Forecast, Windows
from models.errors import ModelError
from models.forecasters.network import NetworkForecaster
from models.transforms.pooling import combine
from pipelines.monthly.settings import MonthlyConfig
from pipelines.parallel import in_order

CELLS = ("lstm", "gru")
#: Training rows below which nothing is learned beyond the reference.
MIN_ROWS = 200

#: Called after each part of the work with its expected CPU seconds.
Advance = Callable[[float], None]


@dataclass(frozen=True)
class Task:
    """Train on some rows, forecast others."""

    train: Windows
    asked: Windows


def network_forecasts(
    tasks: Sequence[Task], config: MonthlyConfig, jobs: int, advance: Advance
) -> list[dict[str, Forecast]]:
    """Cell -> average over its seeds, for each task, in order."""
    keys = [
        (index, cell, seed)
        for index in range(len(tasks))
        for cell in CELLS
        for seed in range(config.training.seed, config.training.seed + config.seeds)
    ]
    work = [(tasks[index], cell, seed, config) for index, cell, seed in keys]
    found = in_order(_fit_and_forecast, work, jobs)
    answers: dict[tuple[int, str], list[Forecast]] = {}
    for (index, cell, _), forecast in zip(keys, found, strict=True):
        answers.setdefault((index, cell), []).append(forecast)
        advance(network_seconds(tasks[index].train, config))
    return [{cell: _average(answers[index, cell]) for cell in CELLS} for index in range(len(tasks))]


def network_seconds(train: Windows, config: MonthlyConfig) -> float:
    """CPU seconds that one network is expected to take, on a core of 2024."""
    size = config.network.layers * max(config.network.hidden_size, 16) / 32
    return 2.0 + 1.2e-6 * len(train) * config.lookback * config.training.epochs * size


def reference_forecast(train: Windows, asked: Windows) -> Forecast:
    """The pool's forecast with the quantiles of its errors on the training rows.

    Without any outcome to learn errors from, it is a point.
    """
    if asked.reference is None or train.reference is None:
        raise ModelError("windows without a reference: make them with panel_windows")
    return with_own_errors(train, train.reference, asked, asked.reference)


def with_own_errors(
    train: Windows, train_point: FloatArray, asked: Windows, asked_point: FloatArray
) -> Forecast:
    """A point forecast, row × lead, with the quantiles of its errors on the training rows."""
    if not np.isfinite(train.target).any(axis=0).all():
        return around(asked, asked_point, np.zeros((asked_point.shape[1], len(LEVELS))))
    errors = error_quantiles(train, train_point)
    # The point is the median already: what all series missed by in the past was common luck.
    return around(asked, asked_point, errors - errors[:, [len(LEVELS) // 2]])


def _fit_and_forecast(task: Task, cell: str, seed: int, config: MonthlyConfig) -> Forecast:
    train, asked = task.train, task.asked
    if len(train) < MIN_ROWS:
        return reference_forecast(train, asked)
    network = NetworkForecaster(
        replace(config.network, cell=cell), replace(config.training, seed=seed)
    )
    return network.fit(train, asked).predict(asked)


def _average(forecasts: Sequence[Forecast]) -> Forecast:
    leads = forecasts[0].mean.shape[1]
    weights = np.full((len(forecasts), leads), 1.0 / len(forecasts))
    return combine(forecasts, weights, "quantile_average")
