"""Tuning minimises what it says, sees no year held out, and tells the pruner at equal shares."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from models.emulators.settings import DensityConfig
from models.errors import ConfigError, DataError
from models.forecasters.soft_trees import SoftTreesOptions
from models.rollouts import RolloutForecast
from models.transforms.principal_components import PrincipalComponents
from pipelines.dataclass_config import load_dataclass
from pipelines.thermosphere_density.fields import ReducedSeries, reduce_fields
from pipelines.thermosphere_density.series_file import read_series, write_series
from pipelines.thermosphere_density.splits import split_hours
from pipelines.thermosphere_density.tuning_losses import LOSSES, mape, nlpd
from pipelines.thermosphere_density.tuning_objective import (
    STEPS,
    configured,
    density_objective,
    objective_arguments,
    objective_on,
    tenths,
    tuned_settings,
)
from tests.pipelines.thermosphere_density.made_up_fields import QUICK, made_up

SLOW, FAST = {"learning_rate": 1e-5, "epochs": 3}, {"learning_rate": 1e-2, "epochs": 12}


@cache
def series() -> ReducedSeries:
    fields, drivers = made_up()
    return reduce_fields(fields, drivers, split_hours(drivers.times, (2002,)).train, QUICK)


def silent(_step: int, _value: float) -> None:
    """Tell nobody."""


def test_training_that_learns_more_has_a_smaller_loss() -> None:
    objective = objective_on(series(), QUICK, nlpd)
    assert objective(FAST, silent) < objective(SLOW, silent) - 0.1


def test_the_same_parameters_have_the_same_loss() -> None:
    objective = objective_on(series(), QUICK, mape)
    assert objective(SLOW, silent) == objective(SLOW, silent)


def test_each_network_reports_at_tenths_of_its_training() -> None:
    steps: list[int] = []
    config = replace(QUICK, cells=("lstm", "gru"))
    params = {"epochs": 4, "hidden_size": 4}
    objective_on(series(), config, mape)(params, lambda step, _: steps.append(step))
    assert steps == [1, 4, 6, 9, 11, 14, 16, 19]


def test_what_is_told_is_the_mean_of_the_networks_so_far() -> None:
    told: list[tuple[int, float]] = []
    training = replace(QUICK.recurrent.training, epochs=20)
    config = replace(QUICK, recurrent=replace(QUICK.recurrent, training=training))
    newest: list[float] = []
    first = tenths(config, 0, newest, lambda *one: told.append(one))
    first(0, 9.0)
    first(1, 2.0)
    second = tenths(config, 1, newest, lambda *one: told.append(one))
    second(1, 4.0)
    second(19, 1.0)
    assert told == [(0, 2.0), (STEPS, 3.0), (2 * STEPS - 1, 1.5)]


def test_a_pruner_may_end_a_trial() -> None:
    class Pruned(Exception):  # noqa: N818
        """What the pruner raises."""

    def prune(step: int, _value: float) -> None:
        if step == 3:
            raise Pruned

    with pytest.raises(Pruned):
        objective_on(series(), QUICK, nlpd)({"epochs": 10}, prune)


def test_the_years_held_out_do_not_move_the_loss() -> None:
    known = series()
    out = split_hours(known.times, QUICK.held_out).held_out
    state = known.state.copy()
    state[out] += 5.0
    moved = replace(known, state=state)
    losses = [objective_on(one, QUICK, nlpd)(SLOW, silent) for one in (known, moved)]
    assert losses[0] == losses[1]


def unit_components(rank: int = 2) -> PrincipalComponents:
    """Two cells, each its own component with variance 4."""
    eye = np.eye(rank, dtype=np.float32)
    mean = np.zeros(rank, dtype=np.float32)
    return PrincipalComponents(mean, eye, np.full(rank, 4.0), 8.0, mean + 1e-6)


def test_nlpd_is_that_of_the_standardised_state() -> None:
    # One hour, standardised errors 1 and 0 at a standardised spread of 0.5.
    forecast = RolloutForecast(np.zeros((1, 1, 2)), np.eye(2).reshape(1, 1, 2, 2))
    value = nlpd(forecast, unit_components(), np.array([[[2.0, 0.0]]]))
    expected = 0.5 * (4.0 + 0.0) / 2 + np.log(0.5) + 0.5 * np.log(2 * np.pi)
    assert value == pytest.approx(expected)


def test_mape_is_that_of_density_in_the_cells() -> None:
    # log10 too high by 0.1 in one cell of two: 10^0.1 - 1 = 25.9 %.
    mean = np.array([[[0.1, 0.0]]])
    forecast = RolloutForecast(mean, np.eye(2).reshape(1, 1, 2, 2))
    value = mape(forecast, unit_components(), np.zeros((1, 1, 2)))
    assert value == pytest.approx(100 * (10**0.1 - 1) / 2, rel=1e-5)


def test_parameters_go_to_their_places() -> None:
    made = configured(
        DensityConfig(),
        {
            "hidden_size": 32,
            "epochs": 7,
            "static_epochs": 3,
            "unknown_start": 0.2,
            "lookback": 48,
            "storm_weight": 2.0,
            "cell": "gru",
        },
    )
    assert made.recurrent.network.hidden_size == 32
    assert (made.recurrent.training.epochs, made.recurrent.static.epochs) == (7, 3)
    assert (made.recurrent.unknown_start, made.lookback, made.storm_weight) == (0.2, 48, 2.0)
    assert made.cells == ("gru",)


def test_the_readout_and_the_passes_of_dropout_can_be_tuned() -> None:
    params = {"readout": "soft_gbdt", "trees": 3, "tree_depth": 2, "tree_rate": 0.5}
    given = {**params, "mc_passes": 9, "dropout": 0.2, "static_epochs": 3}
    made = configured(DensityConfig(), given).recurrent
    assert (made.network.readout, made.network.mc_passes) == ("soft_gbdt", 9)
    assert made.network.soft_trees == SoftTreesOptions(3, 2, 0.5)
    assert made.static.epochs == 3


def test_noise_on_weights_and_what_only_some_backbones_have_can_be_tuned() -> None:
    made = configured(DensityConfig(), {"weight_noise": 0.05, "signature_depth": 2}).recurrent
    assert made.training.weight_noise == 0.05
    assert made.static.weight_noise == 0.0
    plain = DensityConfig().recurrent.network.options
    assert made.network.options == replace(plain, signature_depth=2)


def test_how_targets_become_weights_and_how_codes_are_made_can_be_tuned() -> None:
    params = {"parametrisation": "target", "target_ridge": 0.01, "cell": "tanh"}
    given = {**params, "static_parametrisation": "target", "reducer": "autoencoder"}
    more = {"joint_epochs": 2, "autoencoder_epochs": 5, "corruption": "masking", "epochs": 3}
    made = configured(DensityConfig(), {**given, **more})
    recurrent = made.recurrent
    assert recurrent.static.parametrisation == recurrent.training.parametrisation == "target"
    assert recurrent.static.target.ridge == recurrent.training.target.ridge == 0.01
    assert (made.joint.epochs, made.autoencoder.epochs, recurrent.training.epochs) == (2, 5, 3)
    assert made.autoencoder.corruption == "masking"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"hidden": 3}, "'hidden' is no setting of it; a space may have cell, hidden_size"),
        ({"cell": "tree"}, "cell: expected one of lstm, gru"),
        ({"hidden_size": 0}, "network.hidden_size: expected 1 or more, got 0"),
    ],
)
def test_parameters_that_cannot_be_are_one_line(params: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        configured(DensityConfig(), params)


def test_models_without_networks_cannot_be_tuned() -> None:
    objective = objective_on(series(), QUICK, nlpd)
    with pytest.raises(ConfigError, match="expected kinds of networks to tune, got 'dmdc'"):
        objective({"cell": "dmdc"}, silent)


def test_the_best_settings_are_what_train_reads(tmp_path: Path) -> None:
    best = tmp_path / "best.yaml"
    best.write_text(yaml.safe_dump(tuned_settings({"hidden_size": 48, "cell": "lstm"})), "utf-8")
    read = load_dataclass(DensityConfig, best)
    assert read.recurrent.network.hidden_size == 48
    shipped = load_dataclass(DensityConfig, "thermosphere_density")
    assert read == configured(shipped, {"hidden_size": 48, "cell": "lstm"})


def test_the_fields_are_reduced_once_and_every_worker_reads_the_file(tmp_path: Path) -> None:
    fields, drivers = made_up()
    arguments = objective_arguments(fields, drivers, QUICK, tmp_path, "mape")
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    assert objective_arguments(fields, drivers, QUICK, tmp_path, "mape") == arguments
    assert file.stat().st_mtime_ns == written
    objective_arguments(fields, drivers, replace(QUICK, rank=1), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    made = density_objective(**arguments)
    assert made(SLOW, silent) == objective_on(series(), QUICK, LOSSES["mape"])(SLOW, silent)


def test_a_series_comes_back_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "series.safetensors"
    write_series(file, series())
    back = read_series(file)
    assert np.array_equal(back.times, series().times)
    assert np.array_equal(back.state, series().state)
    assert np.array_equal(back.left_out, series().left_out)
    assert np.array_equal(back.drivers.values, series().drivers.values)
    assert np.array_equal(back.components.basis, series().components.basis)


def test_a_damaged_series_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "series.safetensors"
    settings = asdict(QUICK)
    with pytest.raises(DataError, match="not a reduced series"):
        density_objective(str(file), settings)
    file.write_bytes(b"12345678 and no more")
    with pytest.raises(DataError, match="not a reduced series"):
        density_objective(str(file), settings)


def test_a_loss_that_is_none_is_refused_before_the_work(tmp_path: Path) -> None:
    fields, drivers = made_up()
    with pytest.raises(ConfigError, match="loss: expected one of nlpd, mape, got 'rmse'"):
        objective_arguments(fields, drivers, QUICK, tmp_path, "rmse")
    assert not list(tmp_path.iterdir())
