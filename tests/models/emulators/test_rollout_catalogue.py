"""Every rollout model, stored by one process and restored by another; on a GPU, if there is one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.emulators.catalogue import ROLLOUT_MODELS, build, restore
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.errors import ModelError
from models.forecasters.coding_settings import CodingConfig, JointConfig
from models.forecasters.settings import RolloutConfig
from models.rollouts import RolloutForecast
from models.transforms.autoencoder_settings import AutoencoderConfig
from pipelines.artefacts import save_state
from tests.models.emulators.worlds import QUICK, rollouts, split, with_gaps

RELOAD = """
import sys
from pathlib import Path
import numpy as np
from models.emulators.catalogue import restore
from pipelines.artefacts import load_state
from tests.models.emulators.worlds import rollouts, split
folder, (_, valid) = Path(sys.argv[1]), split(rollouts())
for model in folder.iterdir():
    made = restore(load_state(model)).predict(valid)
    file = folder.parent / f"{model.name}.npz"
    np.savez(file, mean=made.mean, covariance=made.covariance)
assert not [name for name in sys.modules if "lightning" in name]
"""


def on(accelerator: str) -> RolloutConfig:
    static = replace(QUICK.static, epochs=1, accelerator=accelerator)
    training = replace(QUICK.training, epochs=2, accelerator=accelerator)
    return replace(QUICK, static=static, training=training)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, RolloutForecast], Path]:
    """What every model forecast here, and the folder of what a fresh process forecast with it.

    They learnt from a state that is missing in some hours.
    """
    folder, here = tmp_path_factory.mktemp("rollouts"), {}
    train, valid = split(rollouts())
    train = with_gaps(train)
    for name in ROLLOUT_MODELS:
        model = build(name, on("cpu")).fit(train, valid)
        here[name] = model.predict(valid)
        save_state(model.state(), folder / "models" / name)
    command = [sys.executable, "-c", RELOAD, str(folder / "models")]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    return here, folder


@pytest.mark.parametrize("name", ROLLOUT_MODELS)
def test_a_fresh_process_restores_the_model_without_importing_lightning(
    stored: tuple[dict[str, RolloutForecast], Path], name: str
) -> None:
    here, there = stored[0][name], np.load(stored[1] / f"{name}.npz")
    np.testing.assert_array_equal(here.mean, there["mean"])
    np.testing.assert_array_equal(here.covariance, there["covariance"])
    assert np.isfinite(here.mean).all()
    assert np.isfinite(here.covariance).all()


@pytest.mark.parametrize("name", ["lstm", "memoryless"])
def test_missing_hours_cost_a_network_little(name: str) -> None:
    train, valid = split(rollouts())
    errors = []
    for rows in (train, with_gaps(train)):
        forecast = build(name, QUICK).fit(rows, with_gaps(valid)).predict(valid)
        errors.append(float(np.mean((forecast.mean - valid.target) ** 2)))
    assert errors[1] < 1.3 * errors[0]


def test_without_rows_there_is_an_empty_answer() -> None:
    train, valid = split(rollouts())
    model = build("lstm", on("cpu")).fit(train, valid)
    forecast = model.predict(valid.select(np.arange(0)))
    assert forecast.mean.shape == (0, valid.horizon, 3)
    assert forecast.covariance.shape == (0, valid.horizon, 3, 3)


def test_pretraining_end_to_end_and_an_ensemble_take_missing_hours() -> None:
    train, valid = (with_gaps(part) for part in split(rollouts()))
    config = on("cpu")
    config = replace(config, training=replace(config.training, pretraining_epochs=1))
    autoencoder = AutoencoderConfig(code=2, hidden=(4,), layer_epochs=1, epochs=2)
    coded = build("gru", config, coding=CodingConfig(autoencoder, JointConfig(epochs=1)))
    forecast = RolloutEnsemble([("gru", coded)]).fit(train, valid).predict(valid)
    assert np.isfinite(forecast.mean).all()
    assert np.isfinite(forecast.covariance).all()


def test_early_stopping_without_anything_to_judge_on_is_refused() -> None:
    train, valid = split(rollouts())
    config = on("cpu")
    patient = replace(config, training=replace(config.training, patience=1))
    blank = replace(valid, state=np.full_like(valid.state, np.nan)).with_known(False)
    for rows in (valid.select(np.arange(0)), blank):
        assert len(build("lstm", config).fit(train, rows).predict(valid).mean)
        with pytest.raises(ModelError, match="no validation rollout has a known hour ahead"):
            build("lstm", patient).fit(train, rows)


def test_what_is_never_known_is_refused_in_one_line() -> None:
    train, valid = split(rollouts())
    blank = replace(train.with_known(False), state=np.full_like(train.state, np.nan))
    with pytest.raises(ModelError, match="no hour of the training rollouts has a known state"):
        build("lstm", on("cpu")).fit(blank, valid)
    late = train.state.copy()
    late[train.lookback + 3] = np.nan
    one = replace(train, state=late).select(np.array([0]))
    with pytest.raises(ModelError, match="no training rollout has a known state 4 hours ahead"):
        build("persistence").fit(one, valid)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("name", ROLLOUT_MODELS)
def test_a_model_trained_on_a_gpu_forecasts_on_the_processor(name: str) -> None:
    train, valid = split(rollouts())
    model = build(name, on("gpu")).fit(train, valid)
    forecast = model.predict(valid)
    assert np.isfinite(forecast.mean).all()
    np.testing.assert_array_equal(restore(model.state()).predict(valid).mean, forecast.mean)
