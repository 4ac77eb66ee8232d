"""A tuning study judges settings inside the training part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import ConfigError, DataError
from models.monthly import pool as pools
from pipelines.config import load_config
from pipelines.dataclass_config import load_dataclass
from pipelines.monthly.objective import PLACES, configured, monthly_objective
from pipelines.monthly.settings import MonthlyConfig
from pipelines.tuning.space import SearchSpace
from tests.models.monthly.panels import seasonal_panel
from tests.pipelines.monthly.files import write_long

PARAMS: dict[str, Any] = {"hidden_size": 4, "head_size": 0, "epochs": 2, "lookback": 6}


def silent(_step: int, _value: float) -> None:
    """Report nothing."""


def loss_of(file: Path, **arguments: Any) -> float:
    return monthly_objective(str(file), season=6, **arguments)(PARAMS, silent)


def test_each_epoch_of_both_networks_is_reported(tmp_path: Path) -> None:
    told: list[int] = []
    file = write_long(tmp_path, seasonal_panel(12, 60), test=6)
    loss = monthly_objective(str(file), season=6)(PARAMS, lambda step, _: told.append(step))
    assert told == [0, 1, 2, 3]
    assert 0 < loss < 2


def test_the_test_part_does_not_touch_the_loss(tmp_path: Path) -> None:
    values = seasonal_panel(12, 60)
    before = loss_of(write_long(tmp_path, values, test=6))
    values[:, -6:] = 1e6
    assert loss_of(write_long(tmp_path, values, test=6)) == before


def test_without_a_split_the_horizon_is_held_out(tmp_path: Path) -> None:
    values = seasonal_panel(12, 60)
    before = loss_of(write_long(tmp_path, values), horizon=6)
    values[:, -6:] = 1e6
    assert loss_of(write_long(tmp_path, values), horizon=6) == before


def test_what_a_trial_raises_passes_through(tmp_path: Path) -> None:
    class GivenUpError(Exception):
        """What a study raises to end a trial."""

    def give_up(_step: int, _value: float) -> None:
        raise GivenUpError

    objective = monthly_objective(
        str(write_long(tmp_path, seasonal_panel(12, 60))), horizon=6, season=6
    )
    with pytest.raises(GivenUpError):
        objective(PARAMS, give_up)


def test_the_pool_is_run_once_for_a_look_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    original = pools.pool

    def counted(*arguments: Any) -> pools.Pooled:
        runs.append(1)
        return original(*arguments)

    monkeypatch.setattr("pipelines.monthly.problem.pool", counted)
    objective = monthly_objective(
        str(write_long(tmp_path, seasonal_panel(12, 60))), horizon=6, season=6
    )
    for size in (3, 4):
        objective({**PARAMS, "hidden_size": size}, silent)
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": None}, "expected a file of series, t and value; give --data FILE"),
        ({"data": "x", "risk_free": "y"}, "takes no risk-free rate; leave --risk-free out"),
    ],
)
def test_what_it_needs_is_said(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        monthly_objective(**arguments)


def test_a_panel_too_short_for_a_rehearsal_is_refused(tmp_path: Path) -> None:
    file = write_long(tmp_path, np.arange(1.0, 41.0).reshape(2, 20))
    with pytest.raises(DataError, match="expected 200 or more; give more or longer series"):
        loss_of(file, horizon=6)


def test_a_parameter_of_another_space_is_refused() -> None:
    with pytest.raises(ConfigError, match="'cell' is no setting of it; give --space monthly_space"):
        configured(MonthlyConfig(), {"cell": "gru"})


def test_the_shipped_space_varies_what_can_be_set() -> None:
    space = load_config(SearchSpace, "monthly_space")
    assert set(space.parameters) <= set(PLACES)


def test_parameters_find_their_places() -> None:
    config = configured(MonthlyConfig(), {"dropout": 0.4, "epochs": 7, "lookback": 36})
    assert (config.network.dropout, config.training.epochs, config.lookback) == (0.4, 7, 36)


def test_the_shipped_settings_load_with_a_distribution() -> None:
    assert load_dataclass(MonthlyConfig, "monthly").network.head == "quantile"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": 0}, "seeds: expected 1 or more, got 0"),
        ({"folds": 0}, "folds: expected 1 or more, got 0"),
        ({"temperature": 0.0}, "temperature: expected above 0, got 0"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MonthlyConfig(**change)
