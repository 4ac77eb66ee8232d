"""Every rollout model, stored by one process and restored by another; on a GPU, if there is one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.emulators.catalogue import ROLLOUT_MODELS, build
from models.forecasters.settings import RolloutConfig
from models.rollouts import RolloutForecast
from pipelines.artefacts import save_state
from tests.models.emulators.worlds import QUICK, rollouts, split

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
    """What every model forecast here, and the folder of what a fresh process forecast with it."""
    folder, here = tmp_path_factory.mktemp("rollouts"), {}
    train, valid = split(rollouts())
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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("name", ROLLOUT_MODELS)
def test_a_model_trained_on_a_gpu_forecasts_on_the_processor(name: str) -> None:
    train, valid = split(rollouts())
    forecast = build(name, on("gpu")).fit(train, valid).predict(valid)
    assert np.isfinite(forecast.mean).all()
