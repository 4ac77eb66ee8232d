"""Whole retrainings of a small market: only what is better goes live, whatever interrupts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.backbones.options import BackboneOptions
from models.fund_sharpe import FundSharpeConfig, from_state
from pipelines import registry
from pipelines.retraining.folder import RunFolder
from pipelines.retraining.fund_fits import FundFits
from pipelines.warm_up import Sample
from tests.pipelines.retraining.worlds import FUND, retrain_funds, small_config, small_panel

#: Whatever its intervals cover; for a champion that is bad on purpose.
ANY = ["promotion.coverage=[0, 1]"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    return tmp_path


def bad_config() -> FundSharpeConfig:
    """Trained far too long, far too fast, and trusted alone."""
    plain = small_config()
    return replace(
        plain,
        shrinkage=1.0,
        network=replace(plain.network, options=BackboneOptions(memory="open")),
        training=replace(plain.training, epochs=30, learning_rate=0.1),
    )


def test_a_better_challenger_replaces_a_bad_champion_and_a_bad_one_does_not_come_back() -> None:
    first = retrain_funds(small_panel(), bad_config(), ANY)
    old = registry.get_model(FUND)
    assert (first.decision, old.metadata["config"]["shrinkage"]) == ("promoted", 1.0)
    second = retrain_funds(small_panel(), small_config())
    new = registry.get_model(FUND)
    assert second.decision == "promoted"
    assert "surely better" in second.why
    assert new.metadata["parent"] == old.tag
    assert new.metadata["config"]["shrinkage"] == small_config().shrinkage
    page = second.report.read_text("utf-8")
    assert "The challenger won and is the champion from now on" in page
    for text in ("rolling_12", "p smooth", "stood in for it", "shrinkage", "<svg"):
        assert text in page
    assert 'src="http' not in page
    third = retrain_funds(small_panel(), bad_config(), ANY)
    assert third.decision == "kept"
    assert "above the champion's" in third.why
    assert registry.champion_version(FUND) == new.version
    # What is stored can be served: it loads, and repeats its recorded sample.
    model = from_state(registry.load_state(new))
    Sample.from_json(new.metadata["sample"]).repeat(model)
    assert model.trained_until == small_panel().periods[-1]
    assert set(new.metadata["metrics"]) >= {"holdout_rmse", "holdout_rmse_structural"}


def test_the_same_settings_on_the_same_data_are_a_tie_and_stay() -> None:
    retrain_funds(small_panel(180), overrides=ANY)
    before = registry.champion_version(FUND)
    outcome = retrain_funds(small_panel(180), overrides=ANY)
    assert outcome.decision == "kept"
    assert "equal to the champion's" in outcome.why
    assert registry.champion_version(FUND) == before
    assert len(registry.list_models(FUND)) == 1


def test_corrupted_weights_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    retrain_funds(small_panel(180), overrides=ANY)
    monkeypatch.setattr(FundFits, "challenger", corrupted(FundFits.challenger, 1e4))
    outcome = retrain_funds(small_panel(181), overrides=ANY)
    assert outcome.decision == "kept"
    assert "surely worse" in outcome.why
    assert len(registry.list_models(FUND)) == 1


def test_weights_that_are_no_numbers_lose_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    retrain_funds(small_panel(180), overrides=ANY)
    monkeypatch.setattr(FundFits, "challenger", corrupted(FundFits.challenger, np.nan))
    outcome = retrain_funds(small_panel(181), overrides=ANY)
    assert outcome.decision == "kept"
    assert "the challenger forecasts no numbers" in outcome.why
    assert "unfit" in outcome.report.read_text("utf-8")


def test_a_final_fit_that_failed_is_not_put_in_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FundFits, "final", corrupted(FundFits.final, 1e4))
    outcome = retrain_funds(small_panel(180), overrides=ANY)
    assert outcome.decision == "refused"
    assert "its fit failed" in outcome.why
    assert registry.list_models(FUND) == []


def corrupted(fit: Any, factor: float) -> Any:
    """A fit whose reference is shifted after it: damage that no file check sees."""

    def worse(*args: Any) -> Any:
        forecaster = fit(*args)
        fitted = forecaster.model.fitted
        forecaster.model.restore(
            replace(
                fitted,
                scale=fitted.scale * factor,
                error_quantiles=fitted.error_quantiles * factor,
            )
        )
        return forecaster

    return worse


def test_if_needed_waits_for_data_and_for_age() -> None:
    retrain_funds(small_panel(180), overrides=ANY)
    young = retrain_funds(small_panel(182), overrides=ANY, if_needed=True)
    assert (young.decision, "only 2 new periods" in young.why) == ("not needed", True)
    rest = retrain_funds(small_panel(185), overrides=ANY, if_needed=True)
    assert (rest.decision, "lacks 5 periods" in rest.why) == ("not needed", True)
    # Twelve months are reason enough: it goes on, to where the deadline is.
    old = retrain_funds(small_panel(192), overrides=ANY, if_needed=True, minutes=0.0)
    assert (old.state, old.why) == ("stopped", "no time left to fit another model")


def test_the_deadline_ends_a_run_between_fits_and_the_next_one_goes_on() -> None:
    stopped = retrain_funds(small_panel(180), overrides=ANY, minutes=0.0)
    assert (stopped.state, stopped.why) == ("stopped", "no time left to fit another model")
    done = retrain_funds(small_panel(180), overrides=ANY)
    assert (done.run, done.decision) == (stopped.run, "promoted")


def test_the_deadline_ends_a_search_that_has_found_nothing_yet() -> None:
    stopped = retrain_funds(small_panel(), None, ["tuning.trials=1"], minutes=0.0)
    assert (stopped.state, stopped.why) == ("stopped", "no time left to try other settings")


def test_tuning_begins_with_the_champions_settings_and_sees_no_date_of_the_comparison() -> None:
    how = [*ANY, "tuning.trials=2", "tuning.startup_trials=1", "comparison.origins=30"]
    outcome = retrain_funds(small_panel(), small_config(), how)
    folder = RunFolder(FUND, outcome.run)
    tuned, cut = folder.result("tune") or {}, json.loads(first_fit(folder))
    assert tuned["trials"] == 2
    study = folder.path / "study"
    with np.load(study / "panel.npz") as known:
        assert str(known["periods"][-1]) == cut
    stored = registry.get_model(FUND)
    assert stored.metadata["study"] == tuned["study"]
    assert stored.metadata["metrics"].get("selection") == tuned["selection"]
    assert (tuned["selection"] is None) == (tuned["study"] is None)
    assert {**stored.metadata["config"]} == json.loads(json.dumps(tuned["settings"]))
    # The next run's search begins where this one ended.
    again = retrain_funds(small_panel(261), None, how)
    assert "2 trials" in ((RunFolder(FUND, again.run).result("tune") or {})["sentences"][0])


def first_fit(folder: RunFolder) -> str:
    """Label of the first cut of the comparison, as JSON."""
    fits = (folder.result("train") or {})["fits"]
    return json.dumps(min(fits).rpartition("-")[0])
