"""A trained model is scored on months it has not seen, stored, and the same in a new process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.contract import Forecast
from models.errors import ArtefactError, ModelError
from models.fund_sharpe import FundSharpeModel, from_state, to_state
from pipelines.artefacts import load_state, save_state
from pipelines.environment import process_environment
from pipelines.fund_sharpe.training import (
    HOLDOUT,
    holdout_scores,
    rmse_by_seed,
    train_fund_sharpe,
)
from pipelines.registry import StoredModel
from tests.pipelines.fund_sharpe.tiny import fitted, panel, tiny_config

LEADS = ["rolling_6", "rolling_12", "forward_6", "forward_12"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def trained(months: int = 150) -> tuple[StoredModel, list[tuple[int, int]]]:
    seen: list[tuple[int, int]] = []
    return train_fund_sharpe(panel(months=months), tiny_config(), lambda *d: seen.append(d)), seen


def test_a_version_is_stored_with_its_scores_and_its_data() -> None:
    stored, seen = trained()
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    metrics = stored.metadata["metrics"]
    assert list(metrics["holdout_rmse"]) == LEADS
    assert metrics["holdout_months"] == HOLDOUT
    # 48 months held out: origins from the cutoff on, of which the last six have no outcome.
    assert metrics["holdout_forecasts"] == 12 * (HOLDOUT - 6 + 1)
    data = stored.metadata["data"]
    assert data == {
        "hash": "invented",
        "first": "2004-01",
        "last": "2016-06",
        "series": 12,
        "periods": 150,
    }
    back = from_state(load_state(stored.folder / "state"))
    assert back.trained_until == "2016-06"


def test_too_little_to_hold_out_is_one_fit_without_scores() -> None:
    stored, seen = trained(months=108)
    assert seen == [(1, 2), (2, 2)]
    assert stored.metadata["metrics"] == {}


def test_a_horizon_as_long_as_the_holdout_is_one_fit_without_scores() -> None:
    stored = train_fund_sharpe(panel(), replace(tiny_config(), horizons=(6, HOLDOUT)))
    assert stored.metadata["metrics"] == {}


def test_each_network_has_an_error_of_its_own() -> None:
    data, cutoff = panel(), 101
    config = replace(tiny_config(), members=2)
    model = FundSharpeModel(config)
    features = model.features(data.excess, data.risk_free)
    model.fit(features, cutoff)
    found = rmse_by_seed(model, features, cutoff)
    assert list(found) == list(config.cells)
    for one in found.values():
        first, second = one["rmse"]
        assert first != second
        assert one["deviation"] == pytest.approx(abs(first - second) / 2, abs=1e-6)
    # A network alone is the ensemble of one.
    alone = FundSharpeModel(replace(config, members=1, cells=("lstm",)))
    alone.fit(features, cutoff)
    whole = holdout_scores(alone, features, cutoff)["holdout_rmse"]
    assert found["lstm"]["rmse"][0] == pytest.approx(np.mean(list(whole.values())), abs=1e-5)


def test_scores_are_of_months_after_the_cutoff_alone() -> None:
    class Known:
        """Says one everywhere, with a distribution from zero to two."""

        config = tiny_config()

        def predict(self, _f: object, series: np.ndarray, _o: object, cells: object = None):  # type: ignore[no-untyped-def]
            mean = np.full((len(series), 4), 1.0 if cells is None else 3.0)
            ends = np.linspace(0.0, 2.0, 39) if cells is None else np.zeros(39)
            return Forecast(mean, np.broadcast_to(ends, (*mean.shape, 39)))

    data, cutoff = panel(), 101
    features = FundSharpeModel(tiny_config()).features(data.excess, data.risk_free)
    scores = holdout_scores(Known(), features, cutoff)  # type: ignore[arg-type]
    outcome = features.outcome[:, cutoff:144, 0]
    low, high = np.interp([0.05, 0.95], np.arange(1, 40) / 40, np.linspace(0.0, 2.0, 39))
    assert scores["holdout_rmse"]["rolling_6"] == pytest.approx(
        np.sqrt(np.mean((outcome - 1.0) ** 2)), abs=1e-6
    )
    assert scores["holdout_rmse_structural"]["rolling_6"] == pytest.approx(
        np.sqrt(np.mean((outcome - 3.0) ** 2)), abs=1e-6
    )
    inside = np.mean((outcome >= low) & (outcome <= high))
    assert scores["holdout_coverage_90"]["rolling_6"] == pytest.approx(inside, abs=1e-6)


def test_funds_that_all_ended_leave_no_sample_forecast() -> None:
    data = panel()
    data.returns[:, -3] = np.nan
    with pytest.raises(ModelError, match="no fund has returns in all of the newest 72 periods"):
        train_fund_sharpe(data, tiny_config())


FRESH = """
import json, sys
import numpy as np
from pathlib import Path
from models.fund_sharpe import from_state
from pipelines.artefacts import load_state
from tests.pipelines.fund_sharpe.tiny import panel
data = panel()
served = from_state(load_state(Path(sys.argv[1]))).forecast(data.excess, data.periods[-1])
print(json.dumps([served.forecast.mean.tolist(), served.forecast.quantiles.tolist()]))
"""


def test_a_new_process_forecasts_the_same(tmp_path: Path) -> None:
    forecaster, data = fitted(panel(), 120), panel()
    save_state(to_state(forecaster), tmp_path / "model")
    found = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        check=True,
        env=process_environment(),
    )
    mean, quantiles = map(np.asarray, json.loads(found.stdout))
    here = forecaster.forecast(data.excess, data.periods[-1]).forecast
    np.testing.assert_allclose(mean, here.mean, rtol=0, atol=1e-6)
    np.testing.assert_allclose(quantiles, here.quantiles, rtol=0, atol=1e-6)


@pytest.mark.parametrize("file", ["state.json", "arrays.safetensors"])
def test_one_changed_byte_is_found(tmp_path: Path, file: str) -> None:
    save_state(to_state(fitted(panel(), 120)), tmp_path / "model")
    place = tmp_path / "model" / file
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match="not the file that was saved"):
        load_state(tmp_path / "model")
