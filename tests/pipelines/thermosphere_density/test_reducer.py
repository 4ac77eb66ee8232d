"""The density job with networks that forecast the code of an autoencoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.emulators.settings import DensityConfig, FieldAutoencoderConfig
from models.emulators.storage import from_state
from models.forecasters.coded_rollout import CodedRollout
from models.forecasters.coding_settings import JointConfig
from pipelines import registry
from pipelines.dataclass_config import load_dataclass
from pipelines.thermosphere_density.contestants import EMULATOR, contestants
from pipelines.thermosphere_density.storing import train_density
from pipelines.thermosphere_density.tuning_objective import configured, tuned_settings
from pipelines.warm_up_density import DensitySample
from tests.pipelines.thermosphere_density.made_up_fields import QUICK, made_up


def coded_settings() -> DensityConfig:
    autoencoder = replace(QUICK.autoencoder, code=2, hidden=(8,), epochs=2, batch_size=1024)
    return replace(QUICK, reducer="autoencoder", autoencoder=autoencoder, joint=JointConfig(1))


def test_an_emulator_of_codes_is_trained_stored_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    stored = train_density(*made_up(), coded_settings())
    emulator = from_state(registry.load_state(stored))
    members = [member for _, member in emulator.ensemble.members]
    assert all(isinstance(member, CodedRollout) for member in members)
    DensitySample.from_json(stored.metadata["sample"]).repeat(emulator)
    assert stored.metadata["config"]["reducer"] == "autoencoder"
    assert 0 < stored.metadata["metrics"]["segments"]["all"]["mape"] < 30


def test_words_of_the_command_line_choose_it() -> None:
    words = ["reducer=autoencoder", "autoencoder.code=6", "joint.epochs=3"]
    config = load_dataclass(DensityConfig, "thermosphere_density", words)
    assert config.coding is not None
    assert config.coding.joint.epochs == 3
    # What is not said stays what suits fields, not what suits windows.
    assert config.coding.autoencoder == FieldAutoencoderConfig(code=6).plain()
    assert config.coding.autoencoder.linear_path


def test_a_search_may_choose_the_reducer_and_its_code() -> None:
    params = {"reducer": "autoencoder", "code": 7, "noise": 0.1, "pretraining_epochs": 2}
    config = configured(QUICK, params)
    assert config.reducer == "autoencoder"
    assert (config.autoencoder.code, config.autoencoder.noise) == (7, 0.1)
    assert config.recurrent.training.pretraining_epochs == 2
    settings = tuned_settings(params)
    assert load_dataclass(DensityConfig, settings).autoencoder.code == 7
    assert np.isclose(settings["autoencoder"]["noise"], 0.1)


def test_what_the_networks_are_compared_with_stays_on_components() -> None:
    base = replace(coded_settings(), rank=None)
    kept = {one.name: one.config(base).reducer for one in contestants(base, 2)}
    assert kept[EMULATOR] == "autoencoder"
    assert {kept["emulator_r2"], kept["dmdc"], kept["persistence"]} == {"pca"}
