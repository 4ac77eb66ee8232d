"""Every forecast of the benchmark, from the training part of a panel and nothing else.

The ensemble combines LSTM and GRU with the pool of smoothers whose forecast they correct,
and with AutoTheta where that is cheap. Its weights come from a rehearsal: networks trained
on what was known some time ago forecast the origins since then, whose outcomes are in the
training part too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from models.baselines.history import seasonal_values
from models.contract import FloatArray, Forecast, Windows
from models.monthly.stacking import stack
from models.transforms.pooling import combine
from pipelines.monthly.members import (
    CELLS,
    Task,
    network_forecasts,
    network_seconds,
    reference_forecast,
    with_own_errors,
)
from pipelines.monthly.problem import Problem, Progress, make_problem
from pipelines.monthly.settings import MonthlyConfig
from pipelines.monthly.statistical import (
    Plan,
    expected_seconds,
    plan,
    statistical_forecast,
)

THETA = "auto_theta"
#: Steps of history that are read, where seasons are not longer.
MAX_HISTORY, MAX_CYCLES = 480, 8


@dataclass(frozen=True)
class Forecasts:
    """What `forecast_panel` found.

    models     name -> forecast of every series
    weights    member of the ensemble -> its weight
    rehearsed  validation rows that the weights come from; zero: equal weights
    left_out   classical model -> why it was not run
    """

    models: Mapping[str, Forecast]
    weights: Mapping[str, float]
    rehearsed: int
    left_out: Mapping[str, str]


def forecast_panel(
    values: FloatArray,
    horizon: int,
    season: int,
    config: MonthlyConfig,
    *,
    statistical_seconds: float | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Forecasts:
    """Forecast the steps after the newest one of every series.

    values               series × time, right-aligned, NaN in gaps and before the beginning
    statistical_seconds  CPU seconds that classical models may be expected to take; None for
                         no such models beside the ensemble
    jobs                 processes

    Repeatable bit by bit on one machine with one thread, whatever `jobs`.
    """
    values = values[:, -max(MAX_HISTORY, MAX_CYCLES * season + 2 * horizon) :]
    problem = make_problem(values, horizon, season, config, progress)
    rivals = Plan((), {})
    if statistical_seconds is not None:
        rivals = plan(problem.asked, season, statistical_seconds)
    with_theta = expected_seconds(THETA, problem.asked, season) <= config.theta_budget
    advance = _meter(problem, season, config, rivals, with_theta, progress)
    members, rehearsed = _members(problem, season, config, with_theta, jobs, advance)
    weights = _weights(rehearsed, problem.check, config)
    models = {"ensemble": _combined(members, weights), **members}
    found = {name: _bounded(forecast, values) for name, forecast in models.items()}
    found["seasonal_naive"] = _seasonal_naive(problem, season)
    # Classical models stand in the table as their library gives them, a member or not.
    found |= {name: members[name] for name in members if name == THETA}
    for name in rivals.models:
        if name not in members:
            found[name] = statistical_forecast(
                name, problem.asked, season, jobs, partial(advance, name)
            )
    return Forecasts(found, weights, len(problem.check), rivals.left_out)


def _members(
    problem: Problem,
    season: int,
    config: MonthlyConfig,
    with_theta: bool,
    jobs: int,
    advance: Callable[[str, float], None],
) -> tuple[dict[str, Forecast], dict[str, Forecast]]:
    """Forecasts of each member: of the asked rows, and of the validation rows."""
    tasks = [Task(problem.train, problem.asked), Task(problem.rehearsal, problem.check)]
    tasks = tasks if len(problem.check) else tasks[:1]
    found = network_forecasts(tasks, config, jobs, partial(advance, "networks"))
    for task, forecasts in zip(tasks, found, strict=True):
        forecasts["smoothers"] = reference_forecast(task.train, task.asked)
        if with_theta:
            forecasts[THETA] = statistical_forecast(
                THETA, task.asked, season, jobs, partial(advance, THETA)
            )
    return found[0], found[1] if len(found) > 1 else {}


def _weights(
    rehearsed: Mapping[str, Forecast], check: Windows, config: MonthlyConfig
) -> dict[str, float]:
    """Weights of the members, from their medians; equal ones without a rehearsal."""
    if not rehearsed:
        return {}
    scale = np.ones(check.target.shape) if check.scale is None else check.scale
    points = np.stack([forecast.median for forecast in rehearsed.values()])
    weights = stack(points, check.target, np.asarray(scale), config.temperature)
    return {name: float(w) for name, w in zip(rehearsed, weights, strict=True)}


def _combined(members: Mapping[str, Forecast], weights: Mapping[str, float]) -> Forecast:
    leads = next(iter(members.values())).mean.shape[1]
    shares = [weights.get(name, 0.0 if weights else 1.0 / len(members)) for name in members]
    table = np.repeat(np.array(shares)[:, None], leads, axis=1)
    return combine(list(members.values()), table, "quantile_average")


def _bounded(forecast: Forecast, values: FloatArray) -> Forecast:
    """Hold forecasts of series that were never negative at zero, of constant ones at that."""
    least, most = np.nanmin(values, axis=1), np.nanmax(values, axis=1)
    low = np.where(least == most, least, np.where(least >= 0, 0.0, -np.inf))
    high = np.where(least == most, most, np.inf)
    return Forecast(
        np.clip(forecast.mean, low[:, None], high[:, None]),
        np.clip(forecast.quantiles, low[:, None, None], high[:, None, None]),
        forecast.levels,
    )


def _seasonal_naive(problem: Problem, season: int) -> Forecast:
    train, asked = problem.train, problem.asked
    return with_own_errors(
        train, seasonal_values(train, season), asked, seasonal_values(asked, season)
    )


def _meter(
    problem: Problem,
    season: int,
    config: MonthlyConfig,
    rivals: Plan,
    with_theta: bool,
    progress: Progress | None,
) -> Callable[[str, float], None]:
    """What is told of the work done, and passes on how much of all that is."""
    fits = len(CELLS) * config.seeds
    total = fits * network_seconds(problem.train, config)
    if len(problem.check):
        total += fits * network_seconds(problem.rehearsal, config)
    for name in rivals.models:
        total += expected_seconds(name, problem.asked, season)
    if with_theta:
        total += expected_seconds(THETA, problem.check, season)
        if THETA not in rivals.models:
            total += expected_seconds(THETA, problem.asked, season)
    done = 0.0

    def advance(what: str, seconds: float) -> None:
        nonlocal done
        done += seconds
        if progress is not None:
            progress(what, done, total)

    return advance
