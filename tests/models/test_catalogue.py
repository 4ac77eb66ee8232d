"""Every entry of the catalogue keeps the contract, and no forecaster is missing from it."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import models
from models.backbones.catalogue import BACKBONES
from models.catalogue import CATALOGUE, EnsembleConfig, build, find, restore
from models.contract import LEVELS, Forecast, Forecaster, State, Windows
from models.emulators import catalogue as rollout_models
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.errors import ArtefactError, ConfigError, ModelError, NotFittedError
from models.forecasters.coding_settings import CodingConfig
from models.forecasters.settings import RecurrentConfig, TrainingConfig
from pipelines.artefacts import save_state
from tests.models.forecasters.signals import split
from tests.models.problems import problem

NAMES = tuple(CATALOGUE)
#: Those that read windows, and so may meet a hole in one.
READERS = (*BACKBONES, "signature_ridge", "pca_ridge", "autoencoder_ridge")
RELOAD = """
import sys
from pathlib import Path
import numpy as np
from models.catalogue import restore
from pipelines.artefacts import load_state
from tests.models.test_catalogue import asked
folder = Path(sys.argv[1])
for model in folder.iterdir():
    forecast = restore(load_state(model)).predict(asked())
    np.savez(folder.parent / f"{model.name}.npz", mean=forecast.mean, quantiles=forecast.quantiles)
"""


def learned() -> tuple[Windows, Windows]:
    return split(problem(), 45)


def asked() -> Windows:
    """A few rows after the training span; one series has ended, another is new."""
    windows = problem()
    return windows.select(windows.origin == 66)


def fitted(name: str) -> Forecaster:
    train, valid = learned()
    return build(name).fit(train, valid)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Forecaster], Path]:
    """Every model, fitted here, and the folder of what a fresh process forecast with it."""
    folder = tmp_path_factory.mktemp("catalogue")
    fits = {name: fitted(name) for name in NAMES}
    for name, model in fits.items():
        save_state(model.state(), folder / "models" / name)
    command = [sys.executable, "-c", RELOAD, str(folder / "models")]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    return fits, folder


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_process_restores_the_model_bit_for_bit(
    stored: tuple[dict[str, Forecaster], Path], name: str
) -> None:
    fits, folder = stored
    here, there = fits[name].predict(asked()), np.load(folder / f"{name}.npz")
    np.testing.assert_array_equal(here.mean, there["mean"])
    np.testing.assert_array_equal(here.quantiles, there["quantiles"])


@pytest.mark.parametrize("name", NAMES)
def test_series_of_unequal_length_get_finite_monotone_distributions(
    stored: tuple[dict[str, Forecaster], Path], name: str
) -> None:
    forecast = stored[0][name].predict(asked())
    assert forecast.mean.shape == (6, 2)
    assert np.isfinite(forecast.mean).all()
    assert np.isfinite(forecast.quantiles).all()
    assert (np.diff(forecast.quantiles, axis=-1) >= 0).all()
    assert (forecast.quantiles[..., -1] > forecast.quantiles[..., 0]).all()


@pytest.mark.parametrize("name", NAMES)
def test_one_series_alone_is_forecast_as_among_others(
    stored: tuple[dict[str, Forecaster], Path], name: str
) -> None:
    model = stored[0][name]
    alone = model.predict(asked().select(np.array([2])))
    np.testing.assert_allclose(alone.mean, model.predict(asked()).mean[[2]], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_without_rows_there_is_an_empty_answer(
    stored: tuple[dict[str, Forecaster], Path], name: str
) -> None:
    forecast = stored[0][name].predict(asked().select(np.arange(0)))
    assert forecast.mean.shape == (0, 2)
    assert forecast.quantiles.shape == (0, 2, len(LEVELS))


@pytest.mark.parametrize("part", ["channels", "known"])
@pytest.mark.parametrize("name", READERS)
def test_an_input_that_is_missing_is_refused_in_one_line_or_done_without(
    stored: tuple[dict[str, Forecaster], Path], name: str, part: str
) -> None:
    windows = asked()
    blank = replace(windows, **{part: np.full_like(getattr(windows, part), np.nan)})
    try:
        forecast = stored[0][name].predict(blank)
    except ModelError as error:
        assert f"Windows.{part}" in str(error)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert np.isfinite(forecast.mean).all()
        assert np.isfinite(forecast.quantiles).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_model_learns_from_one_series_alone_with_missing_months(name: str) -> None:
    windows = problem()
    train, valid = split(windows.select(windows.series == 0), 45)
    assert np.isnan(train.history[0]).any()
    assert np.isnan(train.target).any()
    forecast = build(name).fit(train, valid).predict(valid)
    assert np.isfinite(forecast.mean).all()
    assert np.isfinite(forecast.quantiles).all()


@pytest.mark.parametrize("name", NAMES)
def test_an_unfitted_model_refuses_to_forecast(name: str) -> None:
    with pytest.raises(NotFittedError):
        build(name).predict(asked())


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_keeps_the_interface_and_its_name_is_the_stored_kind(
    stored: tuple[dict[str, Forecaster], Path], name: str
) -> None:
    model = stored[0][name]
    assert isinstance(model, Forecaster)
    assert isinstance(model, CATALOGUE[name].model)
    assert model.state().kind == name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("name", BACKBONES)
def test_a_network_trained_on_a_gpu_forecasts_on_the_processor(name: str) -> None:
    train, valid = learned()
    config = RecurrentConfig(training=TrainingConfig(accelerator="gpu"))
    model = build(name, config).fit(train, valid)
    forecast = model.predict(asked())
    assert np.isfinite(forecast.quantiles).all()
    again = restore(model.state()).predict(asked())
    np.testing.assert_array_equal(again.quantiles, forecast.quantiles)


def test_fitting_again_gives_the_same_bits() -> None:
    first, second = (fitted("ensemble").predict(asked()) for _ in range(2))
    np.testing.assert_array_equal(first.quantiles, second.quantiles)


def test_no_forecaster_is_missing_from_the_tables() -> None:
    """Forecasters of windows have one table, those of rollouts another."""
    listed: set[type] = {entry.model for entry in CATALOGUE.values()}
    listed |= {type(rollout_models.build(name)) for name in rollout_models.ROLLOUT_MODELS}
    listed |= {type(rollout_models.build("dmdc", coding=CodingConfig()))}
    assert set(forecaster_classes()) == listed | {RolloutEnsemble}


def test_settings_reach_the_model() -> None:
    training = TrainingConfig(epochs=1, seed=7)
    config = EnsembleConfig(
        ("lstm", "last_value"), seeds=2, recurrent=RecurrentConfig(training=training)
    )
    ensemble: Any = build("ensemble", config)
    assert [member.name for member in ensemble.members] == ["lstm_7", "lstm_8", "last_value"]
    assert [m.forecaster.training.seed for m in ensemble.members[:2]] == [7, 8]
    assert build("gru", RecurrentConfig()).network.cell == "gru"  # type: ignore[attr-defined]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no model called 'lstn' \(did you mean 'lstm'\?\)"):
        find("lstn")
    with pytest.raises(ConfigError, match="no model called 'x'; known: lstm, gru"):
        build("x")


def test_settings_of_another_model_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected settings of class RecurrentConfig, got Ens"):
        build("lstm", EnsembleConfig())


def test_a_stored_model_of_unknown_kind_is_refused() -> None:
    with pytest.raises(ArtefactError, match="stored model of kind 'oracle': not known here"):
        restore(State("oracle", {}))


def forecaster_classes() -> Iterator[type[Any]]:
    """Concrete classes in `models` that fit and predict windows."""
    for module in pkgutil.walk_packages(models.__path__, "models."):
        for _, found in inspect.getmembers(import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and _is_forecaster(found):
                yield found


def _is_forecaster(found: type[Any]) -> bool:
    if getattr(found, "_is_protocol", False) or inspect.isabstract(found):
        return False
    if not all(hasattr(found, name) for name in ("fit", "predict", "state", "from_state")):
        return False
    return list(inspect.signature(found.fit).parameters)[1:3] == ["train", "valid"]


def test_the_forecasts_of_members_are_combined(
    stored: tuple[dict[str, Forecaster], Path],
) -> None:
    ensemble: Any = stored[0]["ensemble"]
    parts: list[Forecast] = [m.forecaster.predict(asked()) for m in ensemble.members]
    expected = (parts[0].mean + parts[1].mean) / 2
    np.testing.assert_allclose(ensemble.predict(asked()).mean, expected, atol=1e-12)
