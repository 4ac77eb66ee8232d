"""What the report says of a back-test is computed from its plan, and true of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.catalogue import CATALOGUE
from pipelines.config import load_config
from pipelines.fund_sharpe.backtest_plan import BacktestPlan, BacktestSettings, make_plan
from pipelines.fund_sharpe.contestants import PARTS
from pipelines.fund_sharpe.judging import MODELS, about, backtest_fund_sharpe, notes
from tests.pipelines.fund_sharpe.runs import small_plan, small_settings
from tests.pipelines.fund_sharpe.tiny import panel, tiny_config


def text(plan: BacktestPlan) -> str:
    return "\n".join(notes(plan))


def test_every_shipped_contestant_is_described() -> None:
    shipped = load_config(BacktestSettings, "backtest")
    names = {*PARTS, *shipped.baselines, *shipped.statistical}
    # Described beside them: what the settings may ask for.
    assert names | {"pca_ridge", "autoencoder_ridge", "signature_ridge"} == set(MODELS)
    assert set(MODELS) - set(PARTS) <= set(CATALOGUE)


def test_notes_state_origins_refits_and_sample() -> None:
    plan = small_plan(refit_every=2, sample=2)
    said = text(plan)
    first, last = (plan.panel.periods[origin] for origin in (plan.origins[0], plan.origins[-1]))
    assert f"3 origins, every 3 months from {first} to {last}" in said
    assert "at every second origin" in said
    assert "Networks (1 of each kind)" in said
    assert "ses are slow, so they ran on 2 funds drawn at random (seed 1)" in said
    assert "36 months of history" in said
    assert "Quick run" not in said


@pytest.mark.parametrize(("every", "word"), [(1, "every single"), (3, "third"), (4, "4th")])
def test_refits_are_said_in_words(every: int, word: str) -> None:
    assert word in text(small_plan(refit_every=every))


def test_a_drawn_panel_is_called_a_quick_run() -> None:
    assert "Quick run: 11 funds drawn at random" in text(small_plan(max_funds=11))


def test_without_slow_models_there_is_no_sample_to_state() -> None:
    assert "drawn at random" not in text(small_plan(statistical=()))
    bare = about(small_plan(sample=0))
    assert bare.baselines == ("last_value", "known_part_ridge")
    assert set(bare.models) == {*PARTS, "last_value", "known_part_ridge"}


def test_about_names_what_is_judged_and_what_it_must_beat() -> None:
    plan = small_plan()
    told = about(plan, ("A remark.",))
    assert told.reference == ("ensemble", "lstm", "gru", "lstm_gru", "structural")
    assert told.baselines == ("last_value", "known_part_ridge", "ses")
    assert told.notes[-1] == "A remark."
    assert told.config["origins"] == [plan.panel.periods[o] for o in plan.origins]
    assert told.config["sample"] == [plan.panel.ids[s] for s in plan.sample]
    assert told.data_hash == "invented"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_metrics_and_another_seed_others(tmp_path: Path) -> None:
    def rows(seed: int, name: str) -> object:
        plan = small_plan(origins=8, seed=seed)
        return backtest_fund_sharpe(plan, tmp_path / name, lambda *_: None).metrics["rows"]

    assert rows(0, "first") == rows(0, "again")
    assert rows(0, "first") != rows(1, "other")


def test_a_plan_of_another_configuration_says_so() -> None:
    plan = make_plan(panel(), replace(tiny_config(), shrinkage=0.2), small_settings())
    assert about(plan).config["model"]["shrinkage"] == 0.2
