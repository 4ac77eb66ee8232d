"""The memory probe on stored models: what is told, kept and drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.baselines.state_persistence import StatePersistence
from models.emulators.rollout_ensemble import RolloutEnsemble
from models.errors import ConfigError
from pipelines.studies.memory.probe import probe_density, probe_fund
from service.commands.study_memory import _tell
from tests.models.emulators.worlds import LOOKBACK, tiny_emulator
from tests.models.fund_sharpe.made import forecaster


def test_every_network_of_a_fund_model_is_probed_beside_its_window() -> None:
    stored = forecaster()
    found = list(probe_fund(stored))
    config = stored.model.config
    assert len(found) == len(config.cells) * config.members
    assert {one.window for one in found} == {config.lookback}
    assert len(found[0].curve.explained) == config.lookback + config.lookback // 2


def test_the_networks_of_an_emulator_are_probed_and_one_without_is_refused() -> None:
    stored, _ = tiny_emulator()
    found = list(probe_density(stored, lags=10))
    assert {one.window for one in found} == {LOOKBACK}
    assert found[0].curve.explained.shape[0] == 10
    still = RolloutEnsemble([("still", StatePersistence())])
    with pytest.raises(ConfigError, match="no network that carries a state"):
        list(probe_density(replace(stored, ensemble=still)))


def test_numbers_a_picture_and_a_sentence_for_each_network_are_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list(probe_fund(forecaster(), lags=12))
    _tell(found, "months", tmp_path / "out")
    told = capsys.readouterr().out
    assert told.count(": of a window of 12 months") == len(found)
    kept = json.loads((tmp_path / "out" / "memory.json").read_text("utf-8"))
    assert [one["network"] for one in kept] == [one.name for one in found]
    assert (tmp_path / "out" / "memory.png").read_bytes().startswith(b"\x89PNG")
