"""What `halyard tune monthly` minimises: the error of LSTM and GRU on a rehearsal.

The test part never comes near it: what the file calls `test` is cut off first, or else the
last `horizon` steps. Of the rest, networks are trained on what lies before the validation
origins, and judged at those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ConfigError, DataError
from models.forecasters.network import NetworkForecaster
from pipelines.dataclass_config import load_dataclass
from pipelines.monthly.members import CELLS, MIN_ROWS
from pipelines.monthly.panel import read_panel
from pipelines.monthly.problem import Problem, make_problem
from pipelines.monthly.settings import MonthlyConfig
from pipelines.tuning.objectives import Objective, Report

#: Where each parameter of the search space stands in the settings.
PLACES = {
    **dict.fromkeys(("layers", "hidden_size", "dropout", "head_size"), "network"),
    **dict.fromkeys(
        (
            "epochs",
            "batch_size",
            "learning_rate",
            "weight_decay",
            "weight_noise",
            "parametrisation",
            "pretraining_epochs",
            "masked_share",
        ),
        "training",
    ),
    "lookback": "",
}
#: Steps held out, and in a season, unless told otherwise.
HORIZON, SEASON = 12, 12


def monthly_objective(
    data: str | None,
    risk_free: str | None = None,
    data_hash: str = "",
    horizon: int | None = None,
    season: int = SEASON,
) -> Objective:
    """Make the objective for a long file of series, t, value and perhaps split.

    Raises ConfigError without a file, DataError when it is too short for a rehearsal.
    """
    del data_hash  # tells studies on other data apart
    if data is None:
        raise ConfigError("tune monthly: expected a file of series, t and value; give --data FILE")
    if risk_free is not None:
        raise ConfigError("tune monthly: takes no risk-free rate; leave --risk-free out")
    panel = read_panel(Path(data))
    training, stated = panel.stated_training()
    steps = horizon or stated or HORIZON
    if not stated:
        training, _ = training.hold_out(steps)
    base = load_dataclass(MonthlyConfig, "monthly")
    problems: dict[int, Problem] = {}

    def objective(params: Mapping[str, Any], report: Report) -> float:
        config = configured(base, params)
        if config.lookback not in problems:
            problems[config.lookback] = make_problem(training.values, steps, season, config)
        return rehearsal_error(problems[config.lookback], config, report)

    return objective


def configured(base: MonthlyConfig, params: Mapping[str, Any]) -> MonthlyConfig:
    """Settings with the parameters of a trial in their places. Raises ConfigError."""
    unknown = [name for name in params if name not in PLACES]
    if unknown:
        raise ConfigError(
            f"tune monthly: {unknown[0]!r} is no setting of it; give --space monthly_space or a "
            f"space of {', '.join(PLACES)}"
        )
    groups: dict[str, dict[str, Any]] = {"network": {}, "training": {}, "": {}}
    for name, value in params.items():
        groups[PLACES[name]][name] = value
    return replace(
        base,
        network=replace(base.network, **groups["network"]),
        training=replace(base.training, **groups["training"]),
        **groups[""],
    )


def rehearsal_error(problem: Problem, config: MonthlyConfig, report: Report) -> float:
    """Mean absolute error of the networks' mean median, in scales, at the validation origins."""
    check = problem.check
    if not len(check) or len(problem.rehearsal) < MIN_ROWS or check.scale is None:
        raise DataError(
            f"tune monthly: {len(problem.rehearsal)} rows before the validation origins, "
            f"expected {MIN_ROWS} or more; give more or longer series"
        )
    medians = []
    for index, cell in enumerate(CELLS):
        start = index * config.training.epochs

        def told(epoch: int, loss: float, start: int = start) -> None:
            report(start + epoch, loss)

        network = NetworkForecaster(replace(config.network, cell=cell), config.training)
        medians.append(network.fit(problem.rehearsal, check, told).predict(check).median)
    error = np.abs(np.mean(medians, axis=0) - check.target) / check.scale
    return float(np.nanmean(error))
