"""A trial keeps its place, is run again once, and is not blamed for a stop on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from pipelines.tuning import study as studies
from pipelines.tuning import trials
from pipelines.tuning.run import tune
from pipelines.tuning.settings import TuningSettings
from tests.pipelines.tuning import toys


def settings(**changes: Any) -> TuningSettings:
    return TuningSettings(**{"trials": 6, "startup_trials": 6, "sampler": "random", **changes})


def url(out: Path) -> str:
    return f"sqlite:///{out / 'study.db'}"


def opened(out: Path) -> optuna.Study:
    return studies.open_study(settings(), url(out), toys.bowl_space())


def take(study: optuna.Study, worker: str = "w", **drawn: float) -> optuna.Trial:
    """Take a trial and draw some of its parameters, as a worker that never ends it."""
    trial = study.ask()
    trials.note_taken(trial, worker)
    for name in drawn:
        trial.suggest_float(name, -1.0, 1.0)
    return trial


def states(study: optuna.Study) -> list[str]:
    return [trial.state for trial in trials.records(study)]


def test_places_follow_the_order_and_are_kept_by_what_is_run_again(tmp_path: Path) -> None:
    study = opened(tmp_path)
    assert trials.next_place(study) == 0
    take(study, "a")
    assert trials.next_place(study) == 1
    take(study, "b")
    assert trials.next_place(study) == 2
    trials.bury(study, "a", url(tmp_path))
    assert trials.next_place(study) == 0
    take(study, "c")
    assert trials.next_place(study) == 2


def test_what_died_before_it_had_drawn_is_drawn_as_it_would_have_been(tmp_path: Path) -> None:
    whole = tune(toys.source("bowl"), toys.bowl_space(), settings(), tmp_path / "whole").trials
    study = opened(tmp_path)
    studies.check_setup(study, toys.bowl_space(), toys.source("bowl"))
    study.ask()  # killed before it had even noted who runs it
    found = tune(toys.source("bowl"), toys.bowl_space(), settings(), tmp_path).trials
    assert [t.state for t in found] == ["interrupted", *["complete"] * 6]
    assert [t.params for t in found[1:]] == [t.params for t in whole]


def test_given_parameters_outlive_a_process_that_did_not_come_to_them(tmp_path: Path) -> None:
    study = opened(tmp_path)
    studies.check_setup(study, toys.bowl_space(), toys.source("bowl"))
    first = {"x": 0.25, "y": -0.5, "kind": "a"}
    studies.queue_first(study, [first], url(tmp_path))
    take(study, x=0.25)
    found = tune(toys.source("bowl"), toys.bowl_space(), settings(), tmp_path).trials
    assert found[0].params == {"x": 0.25}
    assert found[1].params == first


def test_a_dead_worker_is_blamed_for_its_own_trial_alone(tmp_path: Path) -> None:
    study = opened(tmp_path)
    take(study, "a", x=0.0)
    take(study, "b", x=0.0)
    assert trials.bury(study, "a", url(tmp_path)) == []
    assert states(study) == ["interrupted", "running", "waiting"]


def test_a_second_death_is_for_good(tmp_path: Path) -> None:
    study = opened(tmp_path)
    take(study, "a", x=0.0)
    trials.bury(study, "a", url(tmp_path))
    take(study, "b", x=0.0)
    (lost,) = trials.bury(study, "b", url(tmp_path))
    assert (lost.number, lost.state) == (1, "failed")
    assert lost.error == "its process died, and so did that of its first run"
    assert states(study) == ["interrupted", "failed"]


def test_burying_twice_queues_once(tmp_path: Path) -> None:
    study = opened(tmp_path)
    take(study, "a", x=0.0)
    trials.bury(study, "a", url(tmp_path))
    trials.bury(study, "a", url(tmp_path))
    trials.queue_dead(study, settings(), url(tmp_path))
    assert states(study) == ["interrupted", "waiting"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_stops_on_purpose_are_no_deaths(tmp_path: Path, stop: type[BaseException]) -> None:
    def stopped(_parameters: Any, _report: Any) -> float:
        raise stop

    study = opened(tmp_path)
    for _ in range(4):
        with pytest.raises(stop):
            studies.run_next(study, stopped, toys.bowl_space(), settings(), url(tmp_path), "worker")
        trials.queue_dead(study, settings(), url(tmp_path))
    assert states(study) == ["interrupted"] * 4 + ["waiting"]
    # One death after all that is still the first.
    take(study, "a")
    trials.bury(study, "a", url(tmp_path))
    assert states(study) == ["interrupted"] * 5 + ["waiting"]


def test_a_result_that_comes_after_its_trial_was_given_to_others_is_dropped(
    tmp_path: Path,
) -> None:
    study = opened(tmp_path)

    def overslept(parameters: dict[str, Any], _report: Any) -> float:
        (running,) = study.get_trials(states=(TrialState.RUNNING,))
        trials.bury(study, running.user_attrs[trials.WORKER], url(tmp_path))
        return float(parameters["x"])

    trial = studies.run_next(
        study, overslept, toys.bowl_space(), settings(), url(tmp_path), "worker"
    )
    assert trial is not None
    assert (trial.state, trial.value) == ("interrupted", None)
    assert states(study) == ["interrupted", "waiting"]
