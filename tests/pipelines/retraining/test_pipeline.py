"""Steps are done once and in order; what is not called for is left out; a winner goes live."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.errors import ArtefactError, ConfigError
from pipelines import registry
from pipelines.retraining.folder import RunFolder
from pipelines.retraining.pipeline import steps
from pipelines.retraining.runs_table import RunsTable
from tests.pipelines.retraining.scripted import NAME, Scripted, run_scripted
from tests.pipelines.toy_models import save


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    monkeypatch.delenv("HALYARD_DATABASE", raising=False)
    return tmp_path


def champion() -> registry.StoredModel:
    stored = save()
    registry.promote(stored)
    return stored


def promotions() -> list[str]:
    records = registry.audit_records(NAME)
    return [record["to"] for record in records if record["action"] == "promote"]


def test_a_winner_is_saved_with_its_lineage_and_becomes_the_champion() -> None:
    old = champion()
    outcome = run_scripted(Scripted(), ["tuning.trials=3"])
    new = registry.get_model(NAME)
    assert outcome.decision == "promoted"
    assert registry.aliases(NAME) == {"champion": new.version, "previous": old.version}
    about = new.metadata
    assert about["parent"] == old.tag
    assert about["study"] == "toy-study"
    assert about["run"] == outcome.run


def test_how_the_settings_were_chosen_goes_with_them_as_long_as_they_stay() -> None:
    chosen = {"metric": "nlpd", "study": "old"}
    registry.promote(save(rmse=1.0, selection=chosen))  # type: ignore[arg-type]
    tuned, kept, changed = Scripted(), Scripted(), Scripted()
    run_scripted(tuned, ["tuning.trials=3"], told="tuned")
    assert tuned.lineage["metrics"]["selection"] == {"metric": "crps"}
    registry.promote(save(rmse=1.0, selection=chosen))  # type: ignore[arg-type]
    kept.settings = {"window": 12}  # those of the champion
    run_scripted(kept, ["tuning.trials=0"], told="kept")
    assert kept.lineage["metrics"] == {"rmse": 1.0, "selection": chosen}
    registry.promote(save(rmse=1.0, selection=chosen))  # type: ignore[arg-type]
    run_scripted(changed, ["tuning.trials=0"], told="changed")
    assert changed.lineage["metrics"] == {"rmse": 1.0}


def test_the_promotion_names_its_evidence_and_who_decided() -> None:
    champion()
    outcome = run_scripted(Scripted())
    record = registry.audit_records(NAME)[-1]
    folder = RunFolder(NAME, outcome.run)
    assert record["who"]["user"] == "halyard retrain"
    assert record["why"].startswith(f"retraining {outcome.run}: the challenger is surely better")
    assert record["evidence"]["path"] == str(folder.step_file("judge"))


@pytest.mark.parametrize(
    ("change", "decision", "why"),
    [
        ({"difference": 0.0}, "kept", "not surely better"),
        ({"difference": 0.2}, "kept", "surely worse at rolling_6"),
        ({"coverage": 0.5}, "kept", "holds 50.0% of outcomes"),
        ({"latency": 2.0}, "kept", "more than 1.5 times"),
        ({"unfit": "train"}, "kept", "unfit: its loss is no number"),
        ({"unfit": "compare"}, "kept", "unfit: its loss is no number"),
        ({"final": 1.2}, "refused", "errs 1.20 times as much"),
        ({"final": float("nan")}, "refused", "its fit failed"),
        ({"final": float("inf")}, "refused", "its fit failed"),
        ({"unfit": "final_error"}, "refused", "the final model is unfit"),
    ],
)
def test_what_is_not_better_in_every_way_never_goes_live(
    change: dict[str, object], decision: str, why: str
) -> None:
    old = champion()
    outcome = run_scripted(Scripted(**change))  # type: ignore[arg-type]
    assert outcome.decision == decision
    assert why in outcome.why
    assert registry.champion_version(NAME) == old.version
    assert len(registry.list_models(NAME)) == 1


def test_the_first_model_of_a_name_goes_live_without_a_rival() -> None:
    outcome = run_scripted(Scripted(difference=0.0))
    assert outcome.decision == "promoted"
    assert registry.get_model(NAME).metadata["parent"] is None


def test_without_need_nothing_is_trained() -> None:
    champion()
    domain = Scripted(age=5)
    outcome = run_scripted(domain, if_needed=True)
    assert outcome.decision == "not needed"
    assert set(domain.calls) == {"validate", "drift"}
    folder = RunFolder(NAME, outcome.run)
    assert folder.result("train") == {"skipped": "no new model is needed"}


def test_with_need_if_needed_goes_on() -> None:
    champion()
    assert run_scripted(Scripted(age=12), if_needed=True).decision == "promoted"


def test_promotion_by_hand_leaves_the_winner_as_the_challenger() -> None:
    old = champion()
    outcome = run_scripted(Scripted(), ["promotion.automatic=false"])
    assert outcome.decision == "challenger"
    assert registry.champion_version(NAME) == old.version
    assert registry.alias_version(NAME, "challenger") is not None


def test_what_the_service_cannot_answer_with_is_not_put_in_charge() -> None:
    assert run_scripted(Scripted(servable=False)).decision == "challenger"
    assert registry.champion_version(NAME) is None


def test_a_champion_that_changed_meanwhile_is_not_put_aside() -> None:
    champion()
    other = save(seed=1)

    class Overtaken(Scripted):
        def final_error(self, *_: object) -> float:  # type: ignore[override]
            registry.promote(other)
            return 0.5

    outcome = run_scripted(Overtaken())
    assert outcome.decision == "refused"
    assert f"the champion is {other.version} now" in outcome.why
    assert registry.champion_version(NAME) == other.version


def test_a_stopped_run_goes_on_at_its_step_and_does_no_other_again() -> None:
    champion()
    domain = Scripted(stop_at="compare")
    first = run_scripted(domain)
    assert (first.state, first.why) == ("stopped", "no time left to compare")
    second = run_scripted(domain)
    assert (second.run, second.decision) == (first.run, "promoted")
    assert domain.calls["train"] == 1
    assert domain.calls["compare"] == 2


def test_a_model_that_a_killed_step_saved_is_found_and_not_saved_again() -> None:
    champion()
    domain = Scripted()
    first = run_scripted(domain, run_id="r")
    for step in ("package", "promote", "record"):
        RunFolder(NAME, "r").step_file(step).unlink()
    assert run_scripted(domain, run_id="r") == first
    assert domain.calls["store"] == 1
    assert len(promotions()) == 2


def test_a_challenge_that_was_made_is_not_made_again() -> None:
    champion()
    by_hand = ["promotion.automatic=false"]
    first = run_scripted(Scripted(), by_hand, run_id="r")
    for step in ("promote", "record"):
        RunFolder(NAME, "r").step_file(step).unlink()
    assert run_scripted(Scripted(), by_hand, run_id="r") == first
    actions = [record["action"] for record in registry.audit_records(NAME)]
    assert actions == ["promote", "challenge"]


def test_a_promotion_that_was_rolled_back_is_not_made_again_by_its_run() -> None:
    old = champion()
    run_scripted(Scripted(), run_id="r")
    registry.rollback(NAME, why="too wide")
    for step in ("promote", "record"):
        RunFolder(NAME, "r").step_file(step).unlink()
    run_scripted(Scripted(), run_id="r")
    assert registry.champion_version(NAME) == old.version


def test_a_winner_whose_files_are_damaged_is_an_error_and_not_a_loss() -> None:
    champion()
    run_scripted(Scripted(), ["promotion.automatic=false"], run_id="r")
    new = registry.get_model(NAME, "challenger")
    next((new.folder / "state").glob("*.safetensors")).write_bytes(b"x")
    folder = RunFolder(NAME, "s")
    run_scripted(Scripted(), run_id="s", only="validate")
    for step in ("drift", "decide", "tune", "train", "backtest", "latency", "judge"):
        run_scripted(Scripted(), run_id="s", only=step)
    folder.keep("package", {"passed": True, "version": new.version})
    with pytest.raises(ArtefactError, match="not the one that was saved"):
        run_scripted(Scripted(), run_id="s")


def test_a_run_is_resumed_only_when_it_was_told_the_same() -> None:
    domain = Scripted(stop_at="compare")
    first = run_scripted(domain, told="a")
    second = run_scripted(domain, told="b")
    assert second.run != first.run
    states = {row["run"]: row["state"] for row in RunsTable().rows(NAME)}
    assert states == {first.run: "abandoned", second.run: "done"}


def test_the_newest_of_several_unfinished_runs_is_the_one_that_goes_on() -> None:
    stops = [run_scripted(Scripted(stop_at="train"), run_id=f"r{i}", told="a") for i in (1, 2)]
    assert run_scripted(Scripted(), told="a").run == stops[1].run


def test_a_finished_run_is_not_begun_again_under_its_name() -> None:
    champion()
    domain = Scripted()
    first = run_scripted(domain, run_id="monthly")
    again = run_scripted(domain, run_id="monthly")
    assert again == first
    assert domain.calls["store"] == 1


def test_a_named_run_that_was_told_otherwise_is_refused() -> None:
    run_scripted(Scripted(stop_at="train"), run_id="monthly", told="a")
    with pytest.raises(ConfigError, match="begun with another model; give the same"):
        run_scripted(Scripted(), run_id="monthly", told="b")


@pytest.mark.parametrize("name", ["../up", "UPPER", "", "a/b"])
def test_a_run_id_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="--run-id: expected small letters"):
        run_scripted(Scripted(), run_id=name)


def test_the_steps_one_by_one_are_the_whole_run() -> None:
    champion()
    domain = Scripted()
    for step in steps():
        outcome = run_scripted(domain, run_id="flow", only=step)
    assert outcome.decision == "promoted"
    assert set(domain.calls.values()) == {1}


def test_a_step_before_its_turn_is_refused() -> None:
    with pytest.raises(ConfigError, match="step decide is not done yet; run it first"):
        run_scripted(Scripted(), run_id="flow", only="tune")


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--only-step: expected one of validate, drift, .*'fly'"):
        run_scripted(Scripted(), run_id="flow", only="fly")


def test_a_step_that_fails_is_recorded_and_can_be_done_again() -> None:
    class Broken(Scripted):
        def drift(self) -> dict[str, object]:
            raise ConfigError("drift: no panel")

    with pytest.raises(ConfigError, match="no panel"):
        run_scripted(Broken(), run_id="r")
    row = RunsTable().rows(NAME)[0]
    assert (row["state"], row["step"], row["why"]) == ("failed", "validate", "drift: no panel")
    assert run_scripted(Scripted(), run_id="r").decision == "promoted"


def test_an_interrupted_run_is_marked_so() -> None:
    class Interrupted(Scripted):
        def drift(self) -> dict[str, object]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_scripted(Interrupted(), run_id="r")
    assert RunsTable().rows(NAME)[0]["state"] == "stopped"


def test_the_row_of_a_run_holds_its_evidence_and_its_time() -> None:
    old = champion()
    outcome = run_scripted(Scripted())
    (row,) = RunsTable().rows(NAME)
    assert (row["run"], row["state"], row["decision"]) == (outcome.run, "done", "promoted")
    assert row["champion"] == old.version
    assert row["challenger"] == registry.champion_version(NAME)
    assert [check["check"] for check in row["evidence"]["checks"]] == [
        "accuracy",
        "coverage",
        "latency",
    ]
    assert set(row["steps"]) == set(steps())
    assert row["seconds"] >= 0
    assert row["report"] == str(outcome.report)


def test_results_are_json_that_says_what_was_done() -> None:
    champion()
    outcome = run_scripted(Scripted())
    folder = RunFolder(NAME, outcome.run)
    found = json.loads(folder.step_file("backtest").read_text("utf-8"))
    assert found["series"][0]["lead"] == "rolling_6"
    assert found["notes"] == ["40 dates."]
    assert promotions()[-1] == registry.champion_version(NAME)
