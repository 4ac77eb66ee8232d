"""A study reaches its total, finds good settings, and can be repeated and continued."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigError, DependencyError, ModelError
from pipelines.config import load_config
from pipelines.tuning.run import tune
from pipelines.tuning.settings import TrialRecord, TuningResult, TuningSettings
from pipelines.tuning.space import SearchSpace
from tests.pipelines.tuning import toys


def run(out: Path, name: str = "bowl", arguments: dict[str, Any] | None = None, **settings: Any):  # type: ignore[no-untyped-def]
    """Tune a toy; settings are those of TuningSettings."""
    chosen = TuningSettings(**{"trials": 8, "startup_trials": 3, **settings})
    return tune(toys.source(name, **(arguments or {})), toys.bowl_space(), chosen, out)


def proposals(result: TuningResult) -> list[tuple[dict[str, Any], float | None]]:
    return [(trial.params, trial.value) for trial in result.trials]


def test_a_study_runs_its_trials_and_returns_the_best(tmp_path: Path) -> None:
    result = run(tmp_path)
    values = [trial.value for trial in result.trials if trial.value is not None]
    assert len(values) == 8
    assert result.counts == {"complete": 8}
    assert result.best.value == min(values)
    assert (tmp_path / "study.db").is_file()


def test_tpe_finds_the_bottom_of_a_bowl(tmp_path: Path) -> None:
    best = run(tmp_path, trials=60, startup_trials=10).best
    assert best.params["kind"] == "a"
    assert best.params["x"] == pytest.approx(0.3, abs=0.1)


def test_gp_beats_random_on_a_bowl(tmp_path: Path) -> None:
    gp = run(tmp_path / "gp", trials=15, sampler="gp").best.value
    random = run(tmp_path / "random", trials=15, sampler="random").best.value
    assert gp < random


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_the_same_seed_gives_the_same_trials(tmp_path: Path, sampler: str) -> None:
    first = run(tmp_path / "a", sampler=sampler, seed=4)
    again = run(tmp_path / "b", sampler=sampler, seed=4)
    other = run(tmp_path / "c", sampler=sampler, seed=5)
    assert proposals(first) == proposals(again)
    assert proposals(first) != proposals(other)


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_a_study_in_two_parts_equals_one_in_one(tmp_path: Path, sampler: str) -> None:
    whole = run(tmp_path / "whole", sampler=sampler)
    run(tmp_path / "parts", sampler=sampler, trials=5)
    assert proposals(run(tmp_path / "parts", sampler=sampler)) == proposals(whole)


def test_a_finished_study_runs_no_more_trials(tmp_path: Path) -> None:
    first = run(tmp_path)
    seen: list[TrialRecord] = []
    again = tune(
        toys.source("bowl"),
        toys.bowl_space(),
        TuningSettings(trials=6, startup_trials=3),
        tmp_path,
        lambda *news: seen.append(news[2]),
    )
    # Only the best of the first run is told again.
    assert seen == [first.best]
    assert proposals(again) == proposals(first)


def test_progress_counts_up_to_the_total_after_the_best_so_far(tmp_path: Path) -> None:
    before = run(tmp_path, trials=2).best.number
    seen: list[tuple[int, int, int]] = []
    tune(
        toys.source("bowl"),
        toys.bowl_space(),
        TuningSettings(trials=4, startup_trials=3),
        tmp_path,
        lambda done, total, trial: seen.append((done, total, trial.number)),
    )
    assert seen == [(2, 4, before), (3, 4, 2), (4, 4, 3)]


@pytest.mark.parametrize("pruner", ["median", "asha"])
def test_bad_trials_are_given_up_early(tmp_path: Path, pruner: str) -> None:
    result = run(tmp_path, "staircase", pruner=pruner, trials=20, sampler="random")
    pruned = [trial for trial in result.trials if trial.state == "pruned"]
    assert pruned
    assert all(trial.steps < 10 and trial.value is None for trial in pruned)
    assert all(trial.steps == 10 for trial in result.trials if trial.state == "complete")


def test_without_a_pruner_every_trial_is_completed(tmp_path: Path) -> None:
    result = run(tmp_path, "staircase", pruner="none", sampler="random")
    assert result.counts == {"complete": 8}


def test_warm_up_steps_are_granted(tmp_path: Path) -> None:
    result = run(tmp_path, "staircase", trials=20, sampler="random", warmup_steps=5)
    assert min(trial.steps for trial in result.trials) == 6


def test_a_failed_trial_keeps_its_reason_and_counts(tmp_path: Path) -> None:
    result = run(tmp_path, "fussy", trials=20, sampler="random")
    assert result.counts["failed"] + result.counts["complete"] == 20
    assert {trial.error for trial in result.trials if trial.state == "failed"} == {
        "ModelError: diverged at step 3",
        "ModelError: the objective gave nan",
        "ZeroDivisionError: ",
    }


def test_a_study_without_any_value_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none of 3 trials gave a value.*diverged at step 1"):
        run(tmp_path, "hopeless", trials=3)


def test_a_defect_in_the_objective_stops_the_study(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="a defect"):
        run(tmp_path, "broken")


def test_importances_name_what_matters(tmp_path: Path) -> None:
    shares = run(tmp_path, trials=30, sampler="random").importances
    assert sum(shares.values()) == pytest.approx(1.0)
    assert "extra" not in shares  # it does not exist in every trial
    assert shares["x"] > shares["y"]


def test_too_few_trials_have_no_importances(tmp_path: Path) -> None:
    assert run(tmp_path, trials=3).importances == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"arguments": {"centre": 0.5}}, "another arguments"),
        ({"name": "fussy"}, "another factory"),
    ],
)
def test_going_on_with_another_objective_is_refused(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    run(tmp_path, trials=2)
    with pytest.raises(ConfigError, match=expected):
        run(tmp_path, **change)


def test_going_on_with_another_space_is_refused(tmp_path: Path) -> None:
    run(tmp_path, trials=2)
    other = load_config(SearchSpace, {"parameters": {"x": toys.BOWL_SPACE["x"]}})
    with pytest.raises(ConfigError, match="another space"):
        tune(toys.source("bowl"), other, TuningSettings(trials=3), tmp_path)


def test_a_first_run_with_unusable_arguments_ties_the_study_to_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="unknown"):
        run(tmp_path, arguments={"unknown": 1})
    assert run(tmp_path, trials=2).counts == {"complete": 2}


def test_two_studies_share_a_storage(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'shared.db'}"
    first = run(tmp_path / "a", storage=storage, study="first", seed=1, trials=3)
    second = run(tmp_path / "b", storage=storage, study="second", seed=2, trials=3)
    assert len(first.trials) == len(second.trials) == 3
    assert proposals(first) != proposals(second)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("storage", "error", "expected"),
    [
        ("nonsense", ConfigError, "expected a URL such as sqlite:///study.db"),
        ("sqlite://", ConfigError, "expected a file"),
        ("nosuch://host/name", DependencyError, "nosuch://host/name: cannot be opened"),
        (
            "postgresql+nodriver://me:secret@host/name",
            DependencyError,
            r"me:\*\*\*@host/name: cannot be opened",
        ),
    ],
)
def test_a_storage_that_cannot_be_used_is_named_without_its_password(
    tmp_path: Path, storage: str, error: type[Exception], expected: str
) -> None:
    with pytest.raises(error, match=expected) as caught:
        run(tmp_path, storage=storage)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("not a database, but long enough to look like one" * 9)
    with pytest.raises(DependencyError, match="not a database"):
        run(tmp_path)


def test_the_database_is_a_plain_sqlite_file(tmp_path: Path) -> None:
    run(tmp_path, trials=2)
    with sqlite3.connect(tmp_path / "study.db") as connection:
        assert connection.execute("select count(*) from trials").fetchone() == (2,)
